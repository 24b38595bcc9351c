//! Photos as they are kept: decoded within bounds, scaled down and written anew, so that nothing of the upload but its
//! pixels is left (no place, no camera, no bytes hidden behind the picture).

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{ImageFormat, ImageReader, Limits};

/// Longest upload, in bytes.
pub const UPLOAD_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Longest side of a kept photo, in pixels.
pub const SIDE_PX_MAX: u32 = 512;
/// Longest side of an upload, in pixels; a small file can claim to be far larger.
const UPLOAD_SIDE_PX_MAX: u32 = 8192;
/// Most memory for decoding, in bytes.
const DECODE_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// JPEG quality, 1 to 100.
const QUALITY: u8 = 85;

/// Why an upload is no photo.
#[derive(Debug, thiserror::Error)]
pub enum PhotoError {
    /// Too many bytes.
    #[error("a photo may have {UPLOAD_BYTES_MAX} bytes at most")]
    TooLong,
    /// Neither JPEG nor PNG.
    #[error("a photo must be a JPEG or PNG picture")]
    NotAPicture,
    /// Damaged, or larger than it may be.
    #[error("the picture can't be read: {0}")]
    Unreadable(image::ImageError),
}

/// Decodes an upload and writes it anew as JPEG, at most [`SIDE_PX_MAX`] on its longer side.
pub fn rewrite(upload: &[u8]) -> Result<Vec<u8>, PhotoError> {
    if upload.len() > UPLOAD_BYTES_MAX {
        return Err(PhotoError::TooLong);
    }
    let format = match image::guess_format(upload) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png)) => format,
        _ => return Err(PhotoError::NotAPicture),
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(UPLOAD_SIDE_PX_MAX);
    limits.max_image_height = Some(UPLOAD_SIDE_PX_MAX);
    limits.max_alloc = Some(DECODE_BYTES_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(upload), format);
    reader.limits(limits);
    let picture = reader.decode().map_err(PhotoError::Unreadable)?;
    let picture = match picture.width().max(picture.height()) > SIDE_PX_MAX {
        true => picture.thumbnail(SIDE_PX_MAX, SIDE_PX_MAX),
        false => picture,
    };
    let mut kept = Vec::new();
    JpegEncoder::new_with_quality(&mut kept, QUALITY)
        .encode_image(&picture.to_rgb8())
        .map_err(PhotoError::Unreadable)?;
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, GenericImageView as _};

    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        DynamicImage::new_rgba8(width, height).write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
        bytes
    }

    #[test]
    fn a_photo_is_scaled_and_becomes_a_jpeg() {
        let kept = rewrite(&png(1024, 256)).unwrap();
        let picture = image::load_from_memory_with_format(&kept, ImageFormat::Jpeg).unwrap();
        assert_eq!(picture.dimensions(), (512, 128));
        assert_eq!(image::load_from_memory(&rewrite(&png(20, 30)).unwrap()).unwrap().dimensions(), (20, 30));
    }

    #[test]
    fn bytes_behind_the_picture_are_not_kept() {
        let mut upload = png(8, 8);
        upload.extend_from_slice(b"hidden behind the picture");
        let kept = rewrite(&upload).unwrap();
        assert!(!kept.windows(6).any(|bytes| bytes == b"hidden"));
    }

    #[test]
    fn what_is_no_photo_is_refused() {
        assert!(matches!(rewrite(b"GIF89a"), Err(PhotoError::NotAPicture)));
        assert!(matches!(rewrite(&vec![0; UPLOAD_BYTES_MAX + 1]), Err(PhotoError::TooLong)));
        assert!(matches!(rewrite(&png(UPLOAD_SIDE_PX_MAX + 1, 1)), Err(PhotoError::Unreadable(_))));
        let whole = png(8, 8);
        assert!(matches!(rewrite(&whole[..whole.len() / 2]), Err(PhotoError::Unreadable(_))));
    }
}
