// What Sentinel and resilience4j need for one call that passes. Answers each line "CASE OPERATIONS"
// with the nanoseconds of one operation: the median of SLICES.
import com.alibaba.csp.sentinel.Entry;
import com.alibaba.csp.sentinel.SphU;
import com.alibaba.csp.sentinel.slots.block.RuleConstant;
import com.alibaba.csp.sentinel.slots.block.degrade.DegradeRule;
import com.alibaba.csp.sentinel.slots.block.degrade.DegradeRuleManager;
import com.alibaba.csp.sentinel.slots.block.flow.FlowRule;
import com.alibaba.csp.sentinel.slots.block.flow.FlowRuleManager;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

public final class Peers {
    private static final int SLICES = 20;
    private static final long WARM_UP_NS = 5_000_000_000L;

    interface Batch {
        void run(int operations) throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        sentinelRules();
        Map<String, Batch> cases = new TreeMap<>();
        for (String rules : List.of("0", "1", "5")) {
            cases.put("sentinel_java_" + rules, sentinel("rules-" + rules));
        }
        cases.put("resilience4j_5", resilience4j());
        // Each for itself, so that the compiler has seen all of a case before it is measured.
        for (Batch batch : cases.values()) {
            for (long end = System.nanoTime() + WARM_UP_NS; System.nanoTime() < end; ) {
                batch.run(10_000);
            }
        }
        System.out.println(String.join(" ", cases.keySet()));
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split(" ");
            System.out.println(median(cases.get(words[0]), Integer.parseInt(words[1])));
        }
        System.exit(0); // Sentinel's timers are no daemons
    }

    private static double median(Batch batch, int operations) throws Exception {
        double[] slices = new double[SLICES];
        batch.run(operations);
        for (int slice = 0; slice < SLICES; slice++) {
            long began = System.nanoTime();
            batch.run(operations);
            slices[slice] = (System.nanoTime() - began) / (double) operations;
        }
        Arrays.sort(slices);
        return (slices[SLICES / 2 - 1] + slices[SLICES / 2]) / 2;
    }

    private static void sentinelRules() {
        FlowRule concurrency = flow("rules-5", 1e6);
        concurrency.setGrade(RuleConstant.FLOW_GRADE_THREAD);
        FlowRuleManager.loadRules(List.of(
                flow("rules-1", 1e9), flow("rules-5", 1e9), flow("rules-5", 2e9), concurrency));
        DegradeRule slow = new DegradeRule("rules-5")
                .setGrade(RuleConstant.DEGRADE_GRADE_RT).setCount(1000).setTimeWindow(10)
                .setSlowRatioThreshold(0.5).setMinRequestAmount(5).setStatIntervalMs(1000);
        DegradeRule errors = new DegradeRule("rules-5")
                .setGrade(RuleConstant.DEGRADE_GRADE_EXCEPTION_RATIO).setCount(0.5).setTimeWindow(10)
                .setMinRequestAmount(5).setStatIntervalMs(1000);
        DegradeRuleManager.loadRules(List.of(slow, errors));
    }

    private static FlowRule flow(String resource, double most) {
        FlowRule rule = new FlowRule(resource);
        rule.setGrade(RuleConstant.FLOW_GRADE_QPS);
        rule.setCount(most);
        return rule;
    }

    private static Batch sentinel(String resource) {
        return operations -> {
            for (int operation = 0; operation < operations; operation++) {
                Entry entry = SphU.entry(resource);
                entry.exit();
            }
        };
    }

    /** Two limits of a rate, one of calls at a time, and a breaker for slow calls and for errors. */
    private static Batch resilience4j() {
        CircuitBreaker breaker = CircuitBreaker.of("5", CircuitBreakerConfig.custom()
                .slidingWindowType(CircuitBreakerConfig.SlidingWindowType.TIME_BASED)
                .slidingWindowSize(1).minimumNumberOfCalls(5).failureRateThreshold(50)
                .slowCallRateThreshold(50).slowCallDurationThreshold(Duration.ofSeconds(1)).build());
        Bulkhead bulkhead = Bulkhead.of("5", BulkheadConfig.custom()
                .maxConcurrentCalls(1_000_000).maxWaitDuration(Duration.ZERO).build());
        Supplier<Integer> call = () -> 1;
        for (int most : new int[] {1_000_000_000, 2_000_000_000}) {
            call = RateLimiter.decorateSupplier(RateLimiter.of("5-" + most, RateLimiterConfig.custom()
                    .limitForPeriod(most).limitRefreshPeriod(Duration.ofSeconds(1))
                    .timeoutDuration(Duration.ZERO).build()), call);
        }
        Supplier<Integer> whole = CircuitBreaker.decorateSupplier(
                breaker, Bulkhead.decorateSupplier(bulkhead, call));
        return operations -> {
            for (int operation = 0; operation < operations; operation++) {
                whole.get();
            }
        };
    }
}
