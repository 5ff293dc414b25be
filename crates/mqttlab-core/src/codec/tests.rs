mod notation;
mod tables;
mod vectors;
