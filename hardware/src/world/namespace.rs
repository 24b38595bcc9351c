//! The private network that a world lives in.

use std::ffi::OsString;
use std::os::fd::AsRawFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use nix::sys::socket::{AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, socket};

use super::{WorldError, pcscd_socket};

/// Index of the loopback interface: the first, and in a new network the only one.
const LOOPBACK_INDEX: i32 = 1;
/// linux/rtnetlink.h: change a link.
const RTM_NEWLINK: u16 = 16;
/// linux/netlink.h: a request that wants to be acknowledged.
const NLM_F_REQUEST_ACK: u16 = 0x01 | 0x04;
/// linux/netlink.h: an acknowledgement, or an error.
const NLMSG_ERROR: u16 = 2;
/// net/if.h.
const IFF_UP: u32 = 1;

/// Puts this same program, with other arguments, in the place of the running one, within a network of its own and with
/// the readers of the world in `folder` as its PC/SC. The process stays the same. Returns only if that fails.
pub fn enter_private_network(folder: &Path, arguments: &[OsString]) -> WorldError {
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return WorldError::Namespace(error.to_string()),
    };
    // Without privileges a network comes only with a user namespace, in which one is root.
    let flags = if nix::unistd::geteuid().is_root() { "-n" } else { "-rn" };
    let error = Command::new("unshare")
        .arg(flags)
        .arg("--")
        .arg(program)
        .args(arguments)
        .env("PCSCLITE_CSOCK_NAME", pcscd_socket(folder))
        .exec();
    WorldError::Namespace(format!("unshare {flags}: {error}"))
}

/// A new network begins with its loopback interface down. Fails in a network that this process may not change.
pub(super) fn raise_loopback() -> Result<(), WorldError> {
    let unraised = |error: nix::Error| WorldError::Namespace(format!("the loopback interface stays down: {error}"));
    let kernel = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute)
        .map_err(unraised)?;
    // struct nlmsghdr, then struct ifinfomsg, in the machine's byte order.
    let mut request = Vec::with_capacity(32);
    request.extend(32u32.to_ne_bytes());
    request.extend(RTM_NEWLINK.to_ne_bytes());
    request.extend(NLM_F_REQUEST_ACK.to_ne_bytes());
    request.extend([0; 8]);
    request.extend([0; 4]);
    request.extend(LOOPBACK_INDEX.to_ne_bytes());
    request.extend(IFF_UP.to_ne_bytes());
    request.extend(IFF_UP.to_ne_bytes());
    sendto(kernel.as_raw_fd(), &request, &NetlinkAddr::new(0, 0), MsgFlags::empty()).map_err(unraised)?;
    let mut answer = [0; 256];
    let length = recv(kernel.as_raw_fd(), &mut answer, MsgFlags::empty()).map_err(unraised)?;
    match answer[..length] {
        [_, _, _, _, kind0, kind1, _, _, _, _, _, _, _, _, _, _, e0, e1, e2, e3, ..]
            if u16::from_ne_bytes([kind0, kind1]) == NLMSG_ERROR =>
        {
            match i32::from_ne_bytes([e0, e1, e2, e3]) {
                0 => Ok(()),
                errno => Err(unraised(nix::Error::from_raw(-errno))),
            }
        }
        _ => Err(WorldError::Namespace("the kernel answers oddly".into())),
    }
}
