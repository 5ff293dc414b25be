//! Quality of Service 1 and 2 as machines that know no role.
