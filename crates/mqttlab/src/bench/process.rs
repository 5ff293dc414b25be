//! What the broker's process used, as the kernel counts it.

use std::fs;

use crate::Failure;

/// A process that is watched from outside.
pub(super) struct Process {
    pid: u32,
}

/// Its counters at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// Processor time, in microseconds.
    pub(super) processor_us: u64,
    /// The part of it that was not the kernel's.
    pub(super) user_us: u64,
    /// Memory that it holds, in bytes.
    pub(super) memory: u64,
    /// Context switches of all its threads.
    pub(super) switches: u64,
}

/// Clock ticks of /proc in a second: a constant of the kernel's interface on all machines that matter.
const TICKS: u64 = 100;

impl Process {
    /// # Errors
    /// When there is none with this number, or the system does not say.
    pub(super) fn find(pid: u32) -> Result<Self, Failure> {
        let process = Self { pid };
        let complain = || Failure::usage(format!("--pid {pid}: /proc does not tell of it"));
        process.usage().ok_or_else(complain)?;
        Ok(process)
    }

    /// `None` when it has ended.
    pub(super) fn usage(&self) -> Option<Usage> {
        let folder = format!("/proc/{}", self.pid);
        let stat = fs::read_to_string(format!("{folder}/stat")).ok()?;
        // After the name in parentheses: state is the first, user and system time the 12th and 13th.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let mut time_us = || Some(fields.next()?.parse::<u64>().ok()? * (1_000_000 / TICKS));
        let (user_us, kernel_us) = (time_us()?, time_us()?);
        let status = fs::read_to_string(format!("{folder}/status")).ok()?;
        let memory = field(&status, "VmRSS:")? * 1_024;
        let mut switches = 0;
        for task in fs::read_dir(format!("{folder}/task")).ok()?.flatten() {
            // A thread may end while we look.
            let Ok(status) = fs::read_to_string(task.path().join("status")) else {
                continue;
            };
            switches += field(&status, "voluntary_ctxt_switches:").unwrap_or(0);
            switches += field(&status, "nonvoluntary_ctxt_switches:").unwrap_or(0);
        }
        Some(Usage {
            processor_us: user_us + kernel_us,
            user_us,
            memory,
            switches,
        })
    }
}

fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
