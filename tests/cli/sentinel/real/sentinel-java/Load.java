import com.alibaba.csp.sentinel.adapter.gateway.common.rule.GatewayFlowRule;
import com.alibaba.csp.sentinel.adapter.gateway.common.rule.GatewayRuleManager;
import com.alibaba.csp.sentinel.slots.block.authority.AuthorityRule;
import com.alibaba.csp.sentinel.slots.block.authority.AuthorityRuleManager;
import com.alibaba.csp.sentinel.slots.block.degrade.DegradeRule;
import com.alibaba.csp.sentinel.slots.block.degrade.DegradeRuleManager;
import com.alibaba.csp.sentinel.slots.block.flow.FlowRule;
import com.alibaba.csp.sentinel.slots.block.flow.FlowRuleManager;
import com.alibaba.csp.sentinel.slots.block.flow.FlowRuleUtil;
import com.alibaba.csp.sentinel.slots.block.flow.param.ParamFlowRule;
import com.alibaba.csp.sentinel.slots.block.flow.param.ParamFlowRuleManager;
import com.alibaba.csp.sentinel.slots.block.flow.param.ParamFlowRuleUtil;
import com.alibaba.fastjson.JSON;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.function.Predicate;

/**
 * Loads the files of a directory into Sentinel, and says how many rules it takes for valid and keeps;
 * with a start and a schedule, says instead what becomes of its calls.
 */
public class Load {
    private static boolean good = true;
    private static boolean quiet;

    public static void main(String[] arguments) throws Exception {
        Path at = Path.of(arguments[0]);
        quiet = arguments.length > 2;
        List<FlowRule> flow = read(at, "flow", FlowRule.class, FlowRuleUtil::isValidRule);
        FlowRuleManager.loadRules(flow);
        kept("flow", flow.size(), FlowRuleManager.getRules().size());
        List<DegradeRule> degrade =
                read(at, "degrade", DegradeRule.class, DegradeRuleManager::isValidRule);
        DegradeRuleManager.loadRules(degrade);
        kept("degrade", degrade.size(), DegradeRuleManager.getRules().size());
        List<ParamFlowRule> param =
                read(at, "param-flow", ParamFlowRule.class, ParamFlowRuleUtil::isValidRule);
        ParamFlowRuleManager.loadRules(param);
        kept("param-flow", param.size(), ParamFlowRuleManager.getRules().size());
        List<AuthorityRule> authority =
                read(at, "authority", AuthorityRule.class, AuthorityRuleManager::isValidRule);
        AuthorityRuleManager.loadRules(authority);
        kept("authority", authority.size(), AuthorityRuleManager.getRules().size());
        List<GatewayFlowRule> gateway =
                read(at, "gateway-flow", GatewayFlowRule.class, GatewayRuleManager::isValidRule);
        GatewayRuleManager.loadRules(new HashSet<>(gateway));
        if (arguments.length > 2) {
            Replay.run(Long.parseLong(arguments[2]), Path.of(arguments[3]));
            System.exit(0);
        }
        kept("gateway-flow", gateway.size(), GatewayRuleManager.getRules().size());
        System.exit(good ? 0 : 1);
    }

    private static <T> List<T> read(Path at, String type, Class<T> rule, Predicate<T> valid)
            throws Exception {
        String text = Files.readString(at.resolve(type + ".json"));
        List<T> found = JSON.parseArray(text, rule);
        for (T one : found) {
            if (!valid.test(one)) {
                good = false;
                System.out.println(type + ": not valid: " + JSON.toJSONString(one));
            }
        }
        return found;
    }

    private static void kept(String type, int read, int kept) {
        good &= read == kept && read > 0;
        if (!quiet) System.out.println("java " + type + ": " + kept + " of " + read + " kept");
    }
}
