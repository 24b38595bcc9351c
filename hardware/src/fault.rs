//! What can go wrong with a device, in the three ways that a caller must tell apart.

/// Kind of a device's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// It is there and does not answer in time.
    Timeout,
    /// It is not there, or went away.
    Disconnected,
    /// It answers what it must not, or refuses.
    Protocol,
}
