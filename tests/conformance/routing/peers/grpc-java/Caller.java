import com.google.gson.Gson;
import com.google.gson.JsonObject;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** Calls services of gRPC, as it is told a line at a time: see ../grpc_caller.py. */
public final class Caller {
  private static final Map<String, ManagedChannel> CHANNELS = new HashMap<>();

  private static final MethodDescriptor.Marshaller<byte[]> PLAIN =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
          return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return stream.readAllBytes();
          } catch (IOException error) {
            throw new IllegalStateException(error);
          }
        }
      };

  private static ManagedChannel channel(String target, String authority) {
    return CHANNELS.computeIfAbsent(
        target + " " + authority,
        key -> {
          var builder = Grpc.newChannelBuilder(target, InsecureChannelCredentials.create());
          return (authority.isEmpty() ? builder : builder.overrideAuthority(authority)).build();
        });
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  private static List<String[]> pairs(Metadata found) {
    List<String[]> all = new ArrayList<>();
    for (String name : found == null ? List.<String>of() : found.keys()) {
      if (!name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
        for (String value : found.getAll(key(name))) {
          all.add(new String[] {name, value});
        }
      }
    }
    return all;
  }

  private static Map<String, Object> once(JsonObject told) {
    Metadata metadata = new Metadata();
    for (var pair : told.getAsJsonArray("metadata")) {
      var both = pair.getAsJsonArray();
      metadata.put(key(both.get(0).getAsString()), both.get(1).getAsString());
    }
    AtomicReference<Metadata> headers = new AtomicReference<>();
    AtomicReference<Metadata> trailers = new AtomicReference<>();
    Channel channel =
        ClientInterceptors.intercept(
            channel(told.get("target").getAsString(), told.get("authority").getAsString()),
            MetadataUtils.newAttachHeadersInterceptor(metadata),
            MetadataUtils.newCaptureMetadataInterceptor(headers, trailers));
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.newBuilder(PLAIN, PLAIN)
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(told.get("method").getAsString().substring(1))
            .build();
    long wait = (long) (told.get("deadline").getAsDouble() * 1000);
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(wait, TimeUnit.MILLISECONDS);
    String code = "OK";
    String body = "";
    String details = "";
    try {
      body = new String(ClientCalls.blockingUnaryCall(channel, method, options, new byte[0]));
    } catch (StatusRuntimeException error) {
      code = error.getStatus().getCode().name();
      details = String.valueOf(error.getStatus().getDescription());
    }
    return Map.of(
        "code", code,
        "body", body,
        "details", details,
        "headers", pairs(headers.get()),
        "trailers", pairs(trailers.get()));
  }

  public static void main(String[] arguments) throws IOException {
    Gson gson = new Gson();
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      System.out.println(gson.toJson(once(gson.fromJson(line, JsonObject.class))));
    }
    System.exit(0);
  }

  private Caller() {}
}
