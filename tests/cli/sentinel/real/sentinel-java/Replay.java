import com.alibaba.csp.sentinel.AsyncEntry;
import com.alibaba.csp.sentinel.EntryType;
import com.alibaba.csp.sentinel.SphU;
import com.alibaba.csp.sentinel.Tracer;
import com.alibaba.csp.sentinel.context.ContextUtil;
import com.alibaba.csp.sentinel.slots.block.BlockException;
import com.alibaba.csp.sentinel.util.TimeUtil;
import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.JSONObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Prints what becomes of each call of a schedule: passed, or rejected. */
final class Replay {
    private Replay() {}

    static void run(long start, Path schedule) throws Exception {
        Map<Integer, AsyncEntry> entries = new HashMap<>();
        Map<Integer, Object[]> arguments = new HashMap<>();
        TimeUtil.now = start;
        for (String line : Files.readAllLines(schedule)) {
            JSONObject step = JSON.parseObject(line);
            TimeUtil.now = Math.max(TimeUtil.now, start + step.getLongValue("at"));
            int id = step.getIntValue("id");
            if (step.getString("do").equals("exit")) {
                AsyncEntry entry = entries.remove(id);
                if (entry != null) {
                    if (step.getBooleanValue("failed")) {
                        Tracer.traceEntry(new RuntimeException("failed"), entry);
                    }
                    entry.exit(1, arguments.remove(id));
                }
                continue;
            }
            Object[] values = step.getJSONArray("args").toArray();
            String entrance = step.getString("entrance");
            ContextUtil.enter(entrance.isEmpty() ? "none" : entrance, step.getString("caller"));
            try {
                String resource = step.getString("resource");
                entries.put(id, SphU.asyncEntry(resource, EntryType.IN, 1, values));
                arguments.put(id, values);
                System.out.println(id + " passed 0");
            } catch (BlockException rejected) {
                System.out.println(id + " rejected 0");
            } finally {
                ContextUtil.exit();
            }
        }
    }
}
