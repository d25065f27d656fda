import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Array;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.postgresql.PGConnection;
import org.postgresql.PGStatement;
import org.postgresql.util.PGobject;

/**
 * What pgjdbc does that others do not: a statement prepared by the server after some uses, binary
 * from then on; batches rewritten into one INSERT; rows in portions; its own simple mode.
 *
 * <p>The first argument is its preferQueryMode.
 */
public final class Pgjdbc {
  private static final String ALL =
      "drop table if exists jt; drop type if exists mood; create type mood as enum ('sad', 'ok');"
          + "create table jt (id serial primary key, b boolean, i2 int2, i4 int4, i8 int8,"
          + " f4 float4, f8 float8, n numeric(20,5), t text, v varchar(20), c char(5), y bytea,"
          + " u uuid, j json, jb jsonb, d date, tm time, ts timestamp, tz timestamptz,"
          + " iv interval, m mood, ia int[], ta text[], na numeric[], ma mood[])";
  private static final String COLUMNS =
      "b,i2,i4,i8,f4,f8,n,t,v,c,y,u,j,jb,d,tm,ts,tz,iv,m,ia,ta,na,ma";

  private static String url(String mode, String more) {
    return "jdbc:postgresql://" + System.getenv("ADDRESS") + "/postgres?user=postgres&prepareThreshold=3"
        + "&preferQueryMode=" + mode + more;
  }

  private static void ok(String feature) {
    System.out.println("ok " + feature);
  }

  private static String shown(Object value) throws SQLException {
    if (value instanceof byte[] bytes) {
      return Arrays.toString(bytes);
    }
    if (value instanceof Array array) {
      return array.getBaseTypeName() + Arrays.deepToString((Object[]) array.getArray());
    }
    return value == null ? "null" : value.getClass().getSimpleName() + " " + value;
  }

  private static void rows(ResultSet found) throws SQLException {
    ResultSetMetaData columns = found.getMetaData();
    while (found.next()) {
      StringBuilder line = new StringBuilder();
      for (int i = 1; i <= columns.getColumnCount(); i++) {
        line.append(columns.getColumnLabel(i)).append('=').append(shown(found.getObject(i))).append(' ');
      }
      System.out.println(line.toString().strip());
    }
  }

  private static void failure(Connection c, String sql) {
    try (Statement s = c.createStatement()) {
      s.execute(sql);
      System.out.println("no error");
    } catch (SQLException error) {
      System.out.println(error.getSQLState() + " " + error.getMessage());
    }
  }

  private static void types(Connection c) throws SQLException {
    try (Statement s = c.createStatement()) {
      s.execute(ALL);
    }
    String sql = "insert into jt (" + COLUMNS + ") values (?" + ",?".repeat(18) + ",?::mood,?,?,?,?::mood[])";
    try (PreparedStatement p = c.prepareStatement(sql, Statement.RETURN_GENERATED_KEYS)) {
      p.setBoolean(1, true);
      p.setShort(2, (short) -32768);
      p.setInt(3, 2147483647);
      p.setLong(4, -9223372036854775808L);
      p.setFloat(5, 1.1f);
      p.setDouble(6, 1e300);
      p.setBigDecimal(7, new BigDecimal("-123456789.12345"));
      p.setString(8, "é\u2603\uD83D\uDE00 'quoted' \\ \n\t end");
      p.setString(9, "v");
      p.setString(10, "c");
      p.setBytes(11, new byte[] {0, 1, -1, 92, 39});
      p.setObject(12, UUID.fromString("00000000-0000-0000-0000-000000000007"));
      p.setObject(13, object("json", "{\"a\" : [1, null]}"));
      p.setObject(14, object("jsonb", "{\"a\": [1, null], \"é\": 1.50}"));
      p.setObject(15, LocalDate.of(2024, 2, 29));
      p.setObject(16, LocalTime.of(23, 59, 59, 123_000_000));
      p.setObject(17, LocalDateTime.of(1999, 12, 31, 23, 59, 59, 999_999_000));
      p.setObject(18, OffsetDateTime.parse("2024-01-02T03:04:05.678+02:00"));
      p.setObject(19, object("interval", "1 year 2 mons 3 days 04:05:06.7"));
      p.setString(20, "ok");
      p.setArray(21, c.createArrayOf("int4", new Object[] {1, null, -3}));
      p.setArray(22, c.createArrayOf("text", new Object[] {"a", "b,\"c\"", null, "", "NULL"}));
      p.setArray(23, c.createArrayOf("numeric", new Object[] {new BigDecimal("1.50"), null}));
      p.setString(24, "{ok,sad}");
      System.out.println(p.executeUpdate());
      rows(p.getGeneratedKeys());
      for (int i = 1; i <= 24; i++) {
        p.setNull(i, Types.NULL);
      }
      System.out.println(p.executeUpdate());
    }
    try (PreparedStatement p = c.prepareStatement("select * from jt where id = ?")) {
      for (int use = 0; use < 7; use++) {
        p.setInt(1, 1 + use % 2);
        try (ResultSet found = p.executeQuery()) {
          rows(found);
        }
        System.out.println(p.unwrap(PGStatement.class).isUseServerPrepare());
      }
    }
    ok("every listed type");
    ok("arrays and enums");
    ok("NULLs");
    ok("prepared statements");
    ok("binary results");
    String special = "select 'NaN'::float8 a, '-Infinity'::float4 b, 'infinity'::timestamptz c,"
        + " 'NaN'::numeric d, 1e20::numeric e, 0.0001::numeric f, '-infinity'::date g,"
        + " '0001-01-01'::date h, '{{1,2},{3,4}}'::int[] i, '{}'::text[] j, 'x'::name k,"
        + " '-1 day -00:00:01'::interval l, 123456789.5::float8 m, 1e-7::float4 n, ''::bytea o";
    try (PreparedStatement p = c.prepareStatement(special)) {
      for (int use = 0; use < 5; use++) {
        rows(p.executeQuery());
      }
    }
    ok("every listed type");
  }

  private static PGobject object(String type, String value) throws SQLException {
    PGobject made = new PGobject();
    made.setType(type);
    made.setValue(value);
    return made;
  }

  private static void batches(Connection c) throws SQLException {
    try (Statement s = c.createStatement()) {
      s.execute("drop table if exists jb; create table jb (id int primary key, name text)");
    }
    try (PreparedStatement p = c.prepareStatement("insert into jb (id, name) values (?, ?)")) {
      for (int i = 0; i < 300; i++) {
        p.setInt(1, i);
        p.setString(2, "n" + i);
        p.addBatch();
      }
      System.out.println(p.executeBatch().length);
    }
    try (PreparedStatement p = c.prepareStatement("update jb set name = ? where id = ?")) {
      for (int i = 0; i < 12; i++) {
        p.setString(1, "m" + i);
        p.setInt(2, i * 40);
        p.addBatch();
      }
      System.out.println(Arrays.toString(p.executeBatch()));
    }
    try (Statement s = c.createStatement()) {
      s.addBatch("update jb set name = 'x' where id = 1");
      s.addBatch("delete from jb where id between 280 and 290");
      System.out.println(Arrays.toString(s.executeBatch()));
    }
    try (PreparedStatement p = c.prepareStatement("insert into jb (id, name) values (?, ?) returning id")) {
      for (int id : new int[] {1001, 1002, 5, 1003}) {
        p.setInt(1, id);
        p.setString(2, "again");
        p.addBatch();
      }
      p.executeBatch();
      System.out.println("no error");
    } catch (BatchUpdateException error) {
      System.out.println(error.getSQLState() + " " + Arrays.toString(error.getUpdateCounts()));
    }
    try (PreparedStatement p = c.prepareStatement("insert into jb (name, id) values (?, ?)", new String[] {"id"})) {
      for (int id = 2000; id < 2003; id++) {
        p.setString(1, "key");
        p.setInt(2, id);
        p.addBatch();
      }
      System.out.println(Arrays.toString(p.executeBatch()));
      rows(p.getGeneratedKeys());
    }
    try (Statement s = c.createStatement()) {
      rows(s.executeQuery("select count(*), sum(id), string_agg(name, ',' order by id) from jb where id % 40 < 2"));
      boolean more = s.execute("select 1 as a; update jb set name = 'y' where id = 2; select 2 as b");
      while (more || s.getUpdateCount() >= 0) {
        if (more) {
          rows(s.getResultSet());
        } else {
          System.out.println(s.getUpdateCount());
        }
        more = s.getMoreResults();
      }
    }
    ok("pipelines and batches");
  }

  private static void cursors(Connection c) throws SQLException {
    c.setAutoCommit(false);
    try (PreparedStatement p = c.prepareStatement("select id, name from jb where id < ? order by id");
        Statement other = c.createStatement()) {
      p.setFetchSize(7);
      for (int limit : new int[] {20, 21, 3, 22}) {
        p.setInt(1, limit);
        try (ResultSet found = p.executeQuery()) {
          int count = 0;
          while (found.next()) {
            count += found.getInt(1);
            if (found.getInt(1) == 8) {
              rows(other.executeQuery("select 'between' as told"));
            }
          }
          System.out.println(limit + " " + count);
        }
      }
      p.setInt(1, 200);
      ResultSet left = p.executeQuery();
      left.next();
      System.out.println(left.getString(2));
      p.setMaxRows(4);
      rows(p.executeQuery());
      other.execute("create or replace function jf() returns refcursor language plpgsql as"
          + " $$ declare r refcursor; begin open r for select id from jb where id < 3; return r; end $$");
      ResultSet called = other.executeQuery("select jf()");
      called.next();
      rows((ResultSet) called.getObject(1));
      other.execute("declare mine cursor for select id from jb where id < 5 order by id");
      rows(other.executeQuery("fetch 2 from mine"));
      rows(other.executeQuery("fetch all from mine"));
      other.execute("close mine");
    }
    c.commit();
    c.setAutoCommit(true);
    ok("cursors");
  }

  private static void transactions(Connection c) throws SQLException {
    c.setAutoCommit(false);
    c.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    try (Statement s = c.createStatement()) {
      System.out.println(s.executeUpdate("insert into jb values (5000, 'kept')"));
      Savepoint named = c.setSavepoint("named");
      System.out.println(s.executeUpdate("insert into jb values (5001, 'undone')"));
      failure(c, "insert into jb values (5000, 'twice')");
      failure(c, "select 1");
      c.rollback(named);
      rows(s.executeQuery("select count(*) from jb where id >= 5000"));
      c.commit();
      s.executeUpdate("delete from jb");
      c.rollback();
      rows(s.executeQuery("select count(*) from jb where id >= 5000"));
      c.commit();
    }
    c.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
    c.setAutoCommit(true);
    ok("rollback and savepoints");
    failure(c, "select nope from jb");
    failure(c, "selec 1");
    failure(c, "select 1/0");
    try (PreparedStatement p = c.prepareStatement("select 10 / ?")) {
      for (int by : new int[] {1, 2, 0, 5, 0, 1, 10}) {
        p.setInt(1, by);
        try {
          rows(p.executeQuery());
        } catch (SQLException error) {
          System.out.println(error.getSQLState() + " " + error.getMessage());
        }
      }
    }
    try (PreparedStatement p = c.prepareStatement("select id, name from jb where id = 1")) {
      for (int use = 0; use < 5; use++) {
        rows(p.executeQuery());
      }
      try (Statement s = c.createStatement()) {
        s.execute("alter table jb alter column name type varchar(99)");
      }
      rows(p.executeQuery());
    }
    try (Statement s = c.createStatement()) {
      s.setQueryTimeout(1);
      s.execute("select pg_sleep(20)");
    } catch (SQLException error) {
      System.out.println(error.getSQLState() + " " + error.getMessage());
    }
    failure(c, "do $$ begin raise notice 'told'; raise exception 'own' using errcode = 'P0007'; end $$");
    try (Statement s = c.createStatement()) {
      s.execute("do $$ begin raise warning 'look %', 1; end $$");
      System.out.println(s.getWarnings().getMessage());
    }
    ok("errors and recovery");
  }

  private static void copies(Connection c) throws Exception {
    var manager = c.unwrap(PGConnection.class).getCopyAPI();
    byte[] sent = "7000\té\\n\n7001\t\\N\n".getBytes(StandardCharsets.UTF_8);
    System.out.println(manager.copyIn("copy jb (id, name) from stdin", new ByteArrayInputStream(sent)));
    ok("COPY in");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    System.out.println(manager.copyOut("copy (select * from jb where id > 4999 order by id) to stdout csv", out));
    System.out.println(out.toString(StandardCharsets.UTF_8));
    ok("COPY out");
  }

  private static void large(Connection c) throws SQLException {
    String big = "é".repeat(600_000);
    try (PreparedStatement p = c.prepareStatement("select ?::text as a, ?::bytea as b")) {
      for (int use = 0; use < 5; use++) {
        p.setString(1, big);
        p.setBytes(2, new byte[1_200_000]);
        ResultSet found = p.executeQuery();
        found.next();
        System.out.println(big.equals(found.getString(1)) + " " + found.getBytes(2).length);
      }
    }
    ok("1 MB values");
    ok("Unicode");
    try (Statement s = c.createStatement()) {
      ResultSet found = s.executeQuery("select i, 'row ' || i, nullif(i % 7, 0) from generate_series(1, 100000) i");
      long sum = 0;
      long nulls = 0;
      while (found.next()) {
        sum += found.getInt(1) + found.getString(2).length();
        nulls += found.getObject(3) == null ? 1 : 0;
      }
      System.out.println(sum + " " + nulls);
    }
    ok("100,000 rows");
  }

  private static void reflection(Connection c, String mode) throws SQLException {
    DatabaseMetaData data = c.getMetaData();
    System.out.println(data.getDatabaseMajorVersion() > 9);
    ResultSet columns = data.getColumns(null, "public", "jt", null);
    while (columns.next()) {
      System.out.println(columns.getString("COLUMN_NAME") + " " + columns.getString("TYPE_NAME") + " "
          + columns.getInt("DATA_TYPE") + " " + columns.getInt("COLUMN_SIZE"));
    }
    rows(data.getPrimaryKeys(null, "public", "jt"));
    rows(data.getIndexInfo(null, "public", "jt", true, true));
    if (mode.equals("simple")) {
      ok("reflection");
      return; // It cannot describe parameters without the extended protocol.
    }
    try (PreparedStatement p = c.prepareStatement("select id, m, n from jt where t = ? and ia = ?")) {
      System.out.println(p.getParameterMetaData().getParameterTypeName(1));
      System.out.println(p.getParameterMetaData().getParameterTypeName(2));
      for (int i = 1; i <= 3; i++) {
        System.out.println(p.getMetaData().getColumnTypeName(i) + " " + p.getMetaData().getTableName(i));
      }
    }
    ok("reflection");
  }

  private static void comments(Connection c, String trace) throws SQLException {
    try (Statement s = c.createStatement()) {
      rows(s.executeQuery("select count(*) from jb /*traceparent='00-" + trace + "',route='%2Fx'*/"));
      rows(s.executeQuery("/* " + trace + " */ select max(id) from jb -- " + trace));
    }
    ok("changed trace comments");
  }

  private static void pool(String mode, int size) throws Exception {
    List<Connection> connections = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      connections.add(DriverManager.getConnection(url(mode, "")));
    }
    ExecutorService workers = Executors.newFixedThreadPool(size);
    List<Future<String>> told = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      int number = i;
      told.add(workers.submit(() -> {
        Connection c = connections.get(number % size);
        synchronized (c) {
          try (PreparedStatement p = c.prepareStatement("select ?::int * 2 as twice, now() > ?")) {
            p.setInt(1, number);
            p.setObject(2, LocalDateTime.of(2000, 1, 1, 0, 0));
            ResultSet found = p.executeQuery();
            found.next();
            return found.getInt(1) + " " + found.getBoolean(2);
          }
        }
      }));
    }
    for (Future<String> one : told) {
      System.out.println(one.get());
    }
    workers.shutdown();
    for (Connection c : connections) {
      c.close();
    }
    ok("pool of 1, then 8");
  }

  public static void main(String[] args) throws Exception {
    String mode = args[0];
    System.setProperty("user.timezone", "UTC");
    try (Connection c = DriverManager.getConnection(url(mode, "&reWriteBatchedInserts=true"))) {
      types(c);
      batches(c);
      cursors(c);
      transactions(c);
      copies(c);
      large(c);
      reflection(c, mode);
      comments(c, System.getenv().getOrDefault("COMMENT", "1"));
    }
    pool(mode, Integer.parseInt(System.getenv().getOrDefault("POOL", "1")));
    ok(mode.equals("simple") ? "simple protocol" : "extended protocol");
  }
}
