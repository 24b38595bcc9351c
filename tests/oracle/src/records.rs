//! Random logs.
