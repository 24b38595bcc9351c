//! What a sensor says of itself that should not change while it hangs at a door.
//!
//! It is no proof: whoever builds a module can have it say the same. It tells an exchanged module from the one that was put up.

use std::fmt;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};

use super::sensor::command;
use super::{Parameters, Sensor, SensorError};

/// Bytes of product information: R503 user manual, ReadProdInfo.
const PRODUCT_BYTES: usize = 46;

/// A sensor, as it describes itself. Older modules of the family know fewer of the questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensorIdentity {
    /// Its parameters: also a lower security level is another sensor.
    pub parameters: Parameters,
    /// Version of what compares, if it tells.
    pub algorithm: Option<String>,
    /// Version of its program, if it tells.
    pub firmware: Option<String>,
    /// What was made when, if it tells.
    pub product: Option<Product>,
}

/// Product information of a module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Type of the module.
    pub module: String,
    /// Its batch.
    pub batch: String,
    /// Its serial number.
    pub serial: String,
    /// Version of its hardware: main version in the high byte.
    pub hardware: u16,
    /// Type of what it sees with.
    pub sensor: String,
    /// Width of its image, in pixels.
    pub width: u16,
    /// Height of its image, in pixels.
    pub height: u16,
    /// Bytes of a template.
    pub template_bytes: u16,
}

impl fmt::Display for SensorIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |text: &Option<String>| text.clone().unwrap_or_else(|| "not told".to_owned());
        match &self.product {
            Some(Product { module, batch, serial, hardware, sensor, .. }) => {
                let [main, sub] = hardware.to_be_bytes();
                write!(f, "{module} batch {batch} serial {serial} hardware {main}.{sub} with {sensor}")?;
            }
            None => write!(f, "product not told")?,
        }
        write!(f, ", algorithm {}, firmware {}", told(&self.algorithm), told(&self.firmware))?;
        let Parameters { system_id, library_size, security_level, address, packet_bytes, baud } = self.parameters;
        write!(
            f,
            ", system {system_id:#06x}, address {address:#010x}, library {library_size}, security level {security_level}, packets of {packet_bytes} bytes, {baud} baud"
        )
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sensor<S> {
    /// Asks all that it says of itself. A question that it refuses or leaves without an answer counts as not told.
    pub async fn identity(&mut self) -> Result<SensorIdentity, SensorError> {
        // First, so that one that is silent is not waited for four times; and last: what said nothing to the questions between must
        // say something to this one.
        self.parameters().await?;
        let algorithm = self.told("for the version of its algorithm", command::READ_ALGORITHM).await?;
        let firmware = self.told("for the version of its program", command::READ_FIRMWARE).await?;
        let product = self.told("for its product information", command::READ_PRODUCT).await?;
        let parameters = self.parameters().await?;
        Ok(SensorIdentity {
            parameters,
            algorithm: algorithm.as_deref().map(text),
            firmware: firmware.as_deref().map(text),
            product: product.as_deref().and_then(product_of),
        })
    }

    async fn told(&mut self, to: &'static str, question: u8) -> Result<Option<Vec<u8>>, SensorError> {
        match self.command(to, &[question]).await {
            Ok(answer) => Ok(Some(answer)),
            Err(SensorError::Refused { .. } | SensorError::Timeout { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn product_of(bytes: &[u8]) -> Option<Product> {
    if bytes.len() < PRODUCT_BYTES {
        return None;
    }
    let word = |place: usize| u16::from_be_bytes([bytes[place], bytes[place + 1]]);
    Some(Product {
        module: text(&bytes[..16]),
        batch: text(&bytes[16..20]),
        serial: text(&bytes[20..28]),
        hardware: word(28),
        sensor: text(&bytes[30..38]),
        width: word(38),
        height: word(40),
        template_bytes: word(42),
    })
}

/// What stands before the filling zeros; what is no printable ASCII is escaped, so that different bytes stay different.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    bytes[..end].escape_ascii().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn product_information_is_read_by_the_manual_s_places() {
        let mut bytes = b"R503\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
        bytes.extend(b"1024");
        bytes.extend(b"A000001\xFF");
        bytes.extend([1, 2]);
        bytes.extend(b"FPC1011F");
        bytes.extend([0, 192, 0, 160, 6, 0, 0, 200]);
        let product = product_of(&bytes).unwrap();
        assert_eq!((product.module.as_str(), product.batch.as_str()), ("R503", "1024"));
        assert_eq!((product.serial.as_str(), product.hardware), (r"A000001\xff", 0x0102));
        assert_eq!((product.sensor.as_str(), product.width, product.height), ("FPC1011F", 192, 160));
        assert_eq!(product.template_bytes, 1_536);
        assert_eq!(product_of(&bytes[1..]), None);
    }
}
