//! What Rust's sentinel-core needs for one call that passes. Answers each line "CASE OPERATIONS" with
//! the nanoseconds of one operation: the median of slices.

use sentinel_core::base::TrafficType;
use sentinel_core::{circuitbreaker, flow, init_default, isolation, EntryBuilder};
use std::io::BufRead;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SLICES: usize = 20;
const WARM_UP: Duration = Duration::from_secs(1);
const CASES: [(&str, &str); 3] = [
    ("sentinel_rust_0", "rules-0"),
    ("sentinel_rust_1", "rules-1"),
    ("sentinel_rust_5", "rules-5"),
];

fn main() {
    init_default().expect("no sentinel");
    load_rules();
    for (_, resource) in CASES {
        let began = Instant::now();
        while began.elapsed() < WARM_UP {
            batch(resource, 100);
        }
    }
    println!("{}", CASES.map(|case| case.0).join(" "));
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("no line");
        let (name, operations) = line.split_once(' ').expect("CASE OPERATIONS");
        let case = CASES.iter().find(|case| case.0 == name).expect("no such case");
        println!("{}", median(case.1, operations.parse().expect("no number")));
    }
}

fn load_rules() {
    flow::load_rules(vec![
        rate("rules-1", 1e9),
        rate("rules-5", 1e9),
        rate("rules-5", 2e9),
    ]);
    isolation::load_rules(vec![Arc::new(isolation::Rule {
        resource: "rules-5".into(),
        metric_type: isolation::MetricType::Concurrency,
        threshold: 1_000_000,
        ..Default::default()
    })]);
    circuitbreaker::load_rules(vec![
        breaker(circuitbreaker::BreakerStrategy::SlowRequestRatio),
        breaker(circuitbreaker::BreakerStrategy::ErrorRatio),
    ]);
}

fn rate(resource: &str, most: f64) -> Arc<flow::Rule> {
    Arc::new(flow::Rule {
        resource: resource.into(),
        threshold: most,
        stat_interval_ms: 1000,
        calculate_strategy: flow::CalculateStrategy::Direct,
        control_strategy: flow::ControlStrategy::Reject,
        ..Default::default()
    })
}

fn breaker(strategy: circuitbreaker::BreakerStrategy) -> Arc<circuitbreaker::Rule> {
    Arc::new(circuitbreaker::Rule {
        resource: "rules-5".into(),
        strategy,
        threshold: 0.5,
        max_allowed_rt_ms: 1000,
        retry_timeout_ms: 10_000,
        min_request_amount: 5,
        stat_interval_ms: 1000,
        ..Default::default()
    })
}

fn batch(resource: &str, operations: u32) {
    for _ in 0..operations {
        let entry = EntryBuilder::new(resource.into())
            .with_traffic_type(TrafficType::Outbound)
            .build()
            .expect("blocked");
        entry.exit();
    }
}

fn median(resource: &str, operations: u32) -> f64 {
    batch(resource, operations);
    let mut slices = [0.0; SLICES];
    for slice in &mut slices {
        let began = Instant::now();
        batch(resource, operations);
        *slice = began.elapsed().as_nanos() as f64 / f64::from(operations);
    }
    slices.sort_by(f64::total_cmp);
    (slices[SLICES / 2 - 1] + slices[SLICES / 2]) / 2.0
}
