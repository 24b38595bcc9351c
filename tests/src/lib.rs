//! A whole plant to try: twins, server, agents and staff, each a process of its own, reached as they are in life. The
//! end-to-end tests, the browser's tests, `pforte-demo` and `pforte-bench` stand on it.

pub mod bench;
pub mod daemon;
pub mod demo;
pub mod faults;
pub mod plant;
pub mod recorded;
pub mod recorder;
pub mod rules;
pub mod staff;

pub use daemon::Daemon;
pub use plant::{AgentPlan, Plan, Plant};
pub use staff::Staff;
