//! How long the broker core takes. Where the machine has other work, count instructions instead.
//!
//! `cargo bench -p mqttlab-bench --bench time`

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mqttlab_bench::{Prepared, Work};

fn broker(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("broker");
    for &work in Work::ALL {
        let mut prepared = Prepared::<false>::new(work);
        group.throughput(Throughput::Elements(work.units() as u64));
        group.bench_function(work.to_string(), |bencher| {
            bencher.iter_custom(|steps| {
                let mut spent = Duration::ZERO;
                for _ in 0..steps {
                    prepared.ready();
                    let start = Instant::now();
                    black_box(&mut prepared).step();
                    spent += start.elapsed();
                }
                spent
            });
        });
    }
    group.finish();
}

criterion_group!(benches, broker);
criterion_main!(benches);
