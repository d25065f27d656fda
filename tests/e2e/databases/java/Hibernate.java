import jakarta.persistence.CascadeType;
import jakarta.persistence.ElementCollection;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.LockModeType;
import jakarta.persistence.ManyToOne;
import jakarta.persistence.OneToMany;
import jakarta.persistence.OptimisticLockException;
import jakarta.persistence.OrderBy;
import jakarta.persistence.Version;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.hibernate.SessionFactory;
import org.hibernate.cfg.Configuration;
import org.hibernate.exception.ConstraintViolationException;
import org.hibernate.query.Query;

/** What Hibernate does over HikariCP: makes its tables, takes keys from sequences, writes in batches. */
public final class Hibernate {
  enum Mood {
    SAD, OK
  }

  @Entity(name = "Writer")
  static class Writer {
    @Id
    @GeneratedValue(strategy = GenerationType.SEQUENCE)
    Long id;
    String name;
    @Version int version;
    @Enumerated(EnumType.STRING)
    Mood mood = Mood.OK;
    Instant since;
    @OneToMany(mappedBy = "writer", cascade = CascadeType.ALL, orphanRemoval = true)
    @OrderBy("title")
    List<Work> works = new ArrayList<>();
    @ElementCollection
    List<String> words = new ArrayList<>();
  }

  @Entity(name = "Work")
  static class Work {
    @Id UUID id;
    @ManyToOne Writer writer;
    String title;
    BigDecimal price;
    byte[] cover;
    Boolean lent;
    Double rating;
    int[] pages;
  }

  private static void ok(String feature) {
    System.out.println("ok " + feature);
  }

  private static SessionFactory opened(int size) {
    Configuration configuration = new Configuration();
    configuration.addAnnotatedClass(Writer.class).addAnnotatedClass(Work.class);
    Map<String, String> settings = new HashMap<>();
    settings.put("jakarta.persistence.jdbc.url",
        "jdbc:postgresql://" + System.getenv("ADDRESS") + "/postgres?prepareThreshold=2");
    settings.put("jakarta.persistence.jdbc.user", "postgres");
    settings.put("hibernate.hbm2ddl.auto", "create");
    settings.put("hibernate.hikari.maximumPoolSize", String.valueOf(size));
    settings.put("hibernate.jdbc.batch_size", "20");
    settings.put("hibernate.order_inserts", "true");
    settings.put("hibernate.use_sql_comments", "true");
    settings.put("hibernate.jdbc.time_zone", "UTC");
    settings.forEach(configuration::setProperty);
    return configuration.buildSessionFactory();
  }

  private static void objects(SessionFactory factory) {
    factory.inTransaction(session -> {
      for (int i = 0; i < 3; i++) {
        Writer writer = new Writer();
        writer.name = "W\u00f6rter " + i;
        writer.since = Instant.parse("2024-01-02T03:04:05.000678Z");
        writer.words.addAll(List.of("a" + i, "b"));
        for (int j = 0; j < 25; j++) {
          Work work = new Work();
          work.id = new UUID(0, i * 100 + j);
          work.title = String.format("%03d \u2603", j);
          work.price = j % 5 == 0 ? null : new BigDecimal(j + ".25");
          work.cover = new byte[] {(byte) j, 0, -1};
          work.lent = j % 2 == 0;
          work.rating = j / 3.0;
          work.pages = new int[] {j, -j};
          work.writer = writer;
          writer.works.add(work);
        }
        session.persist(writer);
      }
    });
    ok("pipelines and batches");
    factory.inTransaction(session -> {
      for (Writer one : session.createQuery("from Writer order by id", Writer.class).list()) {
        System.out.println(one.id + " " + one.name + " " + one.version + " " + one.mood + " " + one.since
            + " " + one.words + " " + one.works.size());
      }
      Work work = session.find(Work.class, new UUID(0, 101));
      System.out.println(work.title + " " + work.price + " " + work.cover.length + " " + work.lent + " "
          + work.rating + " " + work.pages[1] + " " + work.writer.name);
      System.out.println(session.createQuery("select w.name, count(k), sum(k.price) from Writer w"
          + " join w.works k where k.lent = true group by w.name order by w.name", Object[].class)
          .list().stream().map(Arrays::toString).toList());
      Query<Work> some = session.createQuery("from Work where title in (:titles) order by id", Work.class);
      System.out.println(some.setParameterList("titles", new TreeSet<>(List.of("001 \u2603", "002 \u2603")))
          .setMaxResults(4).list().stream().map(one -> one.id.toString()).toList());
    });
    ok("NULLs");
    ok("Unicode");
    factory.inTransaction(session -> {
      Writer one = session.find(Writer.class, 1L, LockModeType.PESSIMISTIC_WRITE);
      one.name = "changed";
      one.works.remove(0);
      one.words.set(0, "other");
      session.flush();
      System.out.println(session.createMutationQuery("update Work set price = price * 2 where rating > 3")
          .executeUpdate());
    });
    ok("object mapping");
    factory.inTransaction(session -> {
      try (var rows = session.createQuery("from Work order by id", Work.class).setFetchSize(10).scroll()) {
        int count = 0;
        while (rows.next()) {
          count += rows.get().title.length();
        }
        System.out.println(count);
      }
    });
    ok("cursors");
  }

  private static void failures(SessionFactory factory) {
    try {
      factory.inTransaction(session -> {
        Work twice = new Work();
        twice.id = new UUID(0, 1);
        session.persist(twice);
      });
    } catch (ConstraintViolationException error) {
      System.out.println(error.getSQLState() + " " + error.getConstraintName());
    }
    Writer old = factory.fromTransaction(session -> session.find(Writer.class, 2L));
    factory.inTransaction(session -> session.find(Writer.class, 2L).mood = Mood.SAD);
    try {
      factory.inTransaction(session -> session.merge(old));
    } catch (OptimisticLockException error) {
      System.out.println("somebody else was faster");
    }
    ok("errors and recovery");
    try (var session = factory.openSession()) {
      session.beginTransaction();
      System.out.println(session.createMutationQuery("delete from Work").executeUpdate());
      session.getTransaction().rollback();
      System.out.println(session.createQuery("select count(*) from Work", Long.class).uniqueResult());
    }
    ok("rollback and savepoints");
  }

  private static void pool(SessionFactory factory, int size) throws Exception {
    ExecutorService workers = Executors.newFixedThreadPool(size);
    List<Future<String>> told = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      long number = i;
      told.add(workers.submit(() -> factory.fromTransaction(session ->
          session.createQuery("select title from Work where id = :id", String.class)
              .setParameter("id", new UUID(0, number)).uniqueResult())));
    }
    for (Future<String> one : told) {
      System.out.println(one.get());
    }
    workers.shutdown();
    ok("pool of 1, then 8");
  }

  public static void main(String[] args) throws Exception {
    int size = Integer.parseInt(System.getenv().getOrDefault("POOL", "1"));
    try (SessionFactory factory = opened(size)) {
      objects(factory);
      failures(factory);
      pool(factory, size);
      factory.inTransaction(session -> System.out.println(session.createNativeQuery(
          "select count(*) from writer /* " + System.getenv().getOrDefault("COMMENT", "1") + " */",
          Long.class).uniqueResult()));
      ok("changed trace comments");
    }
  }
}
