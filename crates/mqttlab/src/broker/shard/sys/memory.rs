//! What the process holds in memory, as the kernel counts it.

/// Bytes that it holds, and the most that it ever held; `None` where the system does not say.
#[cfg(target_os = "linux")]
pub(super) fn held() -> Option<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let field = |name| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kilobytes << 10)
    };
    Some((field("VmRSS:")?, field("VmHWM:")?))
}

/// Other systems are not asked.
#[cfg(not(target_os = "linux"))]
pub(super) fn held() -> Option<(u64, u64)> {
    None
}
