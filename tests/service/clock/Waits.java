// What a Java program sees of time: prints the wall clock and how long every wait took.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.*;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

public class Waits {
    interface Call { void run() throws Exception; }

    static final Map<String, Double> waits = new LinkedHashMap<>();
    static final Map<String, Double> walls = new LinkedHashMap<>();

    static void measured(String name, Call call) throws Exception {
        long begin = System.nanoTime();
        call.run();
        waits.put(name, (System.nanoTime() - begin) / 1e6);
    }

    static double printed(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(false).start();
        try (var reader = new BufferedReader(new InputStreamReader(process.getInputStream()))) {
            return Double.parseDouble(reader.readLine());
        }
    }

    static void write(StringBuilder out, String name, Map<String, Double> values) {
        out.append('"').append(name).append("\": {");
        String comma = "";
        for (var one : values.entrySet()) {
            out.append(comma).append('"').append(one.getKey()).append("\": ").append(one.getValue());
            comma = ", ";
        }
        out.append("}, ");
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length > 0) {
            System.out.println(System.currentTimeMillis() / 1e3);
            return;
        }
        long before = System.currentTimeMillis(), begin = System.nanoTime();
        var lock = new ReentrantLock();
        var condition = lock.newCondition();
        var scheduler = Executors.newScheduledThreadPool(1);
        measured("Thread.sleep", () -> Thread.sleep(200));
        measured("Object.wait", () -> { synchronized (lock) { lock.wait(200); } });
        measured("parkNanos", () -> LockSupport.parkNanos(200_000_000L));
        measured("parkUntil", () -> LockSupport.parkUntil(System.currentTimeMillis() + 200));
        lock.lock();
        measured("Condition.await", () -> condition.await(200, TimeUnit.MILLISECONDS));
        measured("Condition.awaitUntil", () -> condition.awaitUntil(new Date(System.currentTimeMillis() + 200)));
        lock.unlock();
        measured("BlockingQueue.poll", () -> new LinkedBlockingQueue<>().poll(200, TimeUnit.MILLISECONDS));
        measured("Semaphore.tryAcquire", () -> new Semaphore(0).tryAcquire(200, TimeUnit.MILLISECONDS));
        measured("ScheduledExecutor", () -> scheduler.schedule(() -> {}, 200, TimeUnit.MILLISECONDS).get());
        measured("Timer", () -> {
            var done = new CountDownLatch(1);
            var timer = new Timer(true);
            timer.schedule(new TimerTask() { public void run() { done.countDown(); } }, 200);
            done.await();
        });
        measured("Timer at a date", () -> {
            var done = new CountDownLatch(1);
            var timer = new Timer(true);
            var at = new Date(System.currentTimeMillis() + 200);
            timer.schedule(new TimerTask() { public void run() { done.countDown(); } }, at);
            done.await();
        });
        measured("CompletableFuture", () -> {
            try {
                new CompletableFuture<>().orTimeout(200, TimeUnit.MILLISECONDS).get();
            } catch (ExecutionException late) {
                return;
            }
        });
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
            socket.setSoTimeout(200);
            measured("Socket.read", () -> {
                try {
                    socket.getInputStream().read();
                } catch (SocketTimeoutException late) {
                    return;
                }
            });
        }
        walls.put("currentTimeMillis", System.currentTimeMillis() / 1e3);
        walls.put("Instant.now", Instant.now().toEpochMilli() / 1e3);
        walls.put("OffsetDateTime.now", OffsetDateTime.now().toInstant().toEpochMilli() / 1e3);
        walls.put("Date", new Date().getTime() / 1e3);
        walls.put("scheduler", scheduler.submit(System::currentTimeMillis).get() / 1e3);
        String java = ProcessHandle.current().info().command().orElse("java");
        walls.put("child", printed(java, "-cp", System.getProperty("java.class.path"), "Waits", "child"));
        walls.put("date(1)", printed("date", "+%s"));
        scheduler.shutdown();
        double went = (System.currentTimeMillis() - before) / 1e3;
        double took = (System.nanoTime() - begin) / 1e9;
        var out = new StringBuilder("{");
        write(out, "walls", walls);
        write(out, "waits", waits);
        System.out.println(out + "\"went\": " + went + ", \"took\": " + took + "}");
    }
}
