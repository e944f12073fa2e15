using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Armada.Core.Time;
using Armada.Silo.Panel;
using Armada.Silo.Sockets;
using FsCheck;
using FsCheck.Fluent;

namespace Armada.Tests.Silo.Panel;

public sealed class WatcherTests
{
    private const int Names = 5;

    [Fact]
    public void A_robot_made_anew_under_its_old_name_comes_whole()
    {
        var history = new History { Newest = Picture(1, [("arm", 1, "old", 1, 1)]) };
        var subscriber = new PanelSubscriber(SubscriberRequest.Default, history);
        Sent(subscriber);

        history.Newest = Picture(3, [("arm", 1, "new", 3, 3)]);
        var update = Sent(subscriber)!;

        Assert.Equal("view of arm 1 in 3", update["robots"]![0]!["robot"]!.GetValue<string>());
        Assert.Equal("new", update["robots"]![0]!["state"]!.GetValue<string>());
        Assert.Null(update["removed"]);
    }

    [Fact]
    public void The_same_picture_is_sent_once()
    {
        var subscriber = new PanelSubscriber(SubscriberRequest.Default, new History { Newest = Picture(1, []) });

        Assert.NotNull(Sent(subscriber));
        Assert.Null(Sent(subscriber));
    }

    [Fact]
    public void A_tick_that_is_let_pass_leaves_the_watcher_owed_a_picture()
    {
        var subscriber = new PanelSubscriber(new SubscriberRequest(1, null), new History());
        subscriber.Offer();
        var first = Enumerable.Range(0, 20).First(tick => subscriber.Tick(tick));

        Assert.True(subscriber.Tick(first + 1), "the picture that was due is forgotten");
        subscriber.Offer();
        Assert.False(subscriber.Tick(first + 2), "a picture that was shown is still due");
    }

    [Fact]
    public void What_is_written_is_spent()
    {
        var history = new History { Newest = Picture(1, [("arm", 1, "state", 1, 1)]) };
        var buffer = new ArrayBufferWriter<byte>();

        new PanelSubscriber(SubscriberRequest.Default, history).TryWrite(buffer);

        Assert.Equal(buffer.WrittenCount, history.Spent);
    }

    [Fact]
    public void An_overdrawn_budget_is_paid_back_before_more_is_spent()
    {
        var budget = new TokenBucket(1000, 1000);
        var now = new Timestamp(1_000_000, 0);
        Assert.True(budget.HasLeft(now));

        budget.Spend(3000);

        Assert.False(budget.HasLeft(now.Plus(TimeSpan.FromSeconds(1.9))));
        Assert.True(budget.HasLeft(now.Plus(TimeSpan.FromSeconds(2.1))));
    }

    [Fact]
    public void Whichever_pictures_a_watcher_takes_it_ends_with_the_newest() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<byte[]>(),
                steps =>
                {
                    var history = new History();
                    var told = new SortedDictionary<string, string>(StringComparer.Ordinal);
                    var subscriber = new PanelSubscriber(SubscriberRequest.Default, history);
                    foreach (var step in steps.Append<byte>(1))
                    {
                        history.Happen(step);
                        if ((step & 1) == 1)
                            Apply(told, Sent(subscriber));
                    }

                    return told.SequenceEqual(history.Robots.Select(robot => new KeyValuePair<string, string>(robot.Key, robot.Value.ToString())));
                })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void Updates_are_due_as_often_as_was_asked_for() =>
        Prop.ForAll(
                Gen.Choose(2, 200).Select(tenths => tenths / 10.0).ToArbitrary(),
                Gen.Choose(0, 1_000_000).ToArbitrary(),
                Gen.Choose(1, 500).ToArbitrary(),
                (rate, first, ticks) =>
                {
                    var asked = new SubscriberRequest(rate, null);
                    var due = Enumerable.Range(first, ticks).Count(tick => asked.IsDue(tick));
                    var share = ticks * rate / SubscriberRequest.MaxRate;
                    return due <= share + 1 && due >= share - 1;
                })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    private static JsonNode? Sent(PanelSubscriber subscriber)
    {
        var buffer = new ArrayBufferWriter<byte>();
        return subscriber.TryWrite(buffer) ? JsonNode.Parse(buffer.WrittenSpan) : null;
    }

    private static void Apply(SortedDictionary<string, string> told, JsonNode? message)
    {
        foreach (var robot in message?["robots"]?.AsArray() ?? [])
        {
            var id = robot!["id"]!.GetValue<string>();
            var known = told.GetValueOrDefault(id, "none/none").Split('/');
            told[id] = $"{robot["robot"]?.GetValue<string>().Split(" in ")[0] ?? known[0]}/{robot["state"]?.GetValue<string>() ?? known[1]}";
        }

        foreach (var id in message?["removed"]?.AsArray() ?? [])
            told.Remove(id!.GetValue<string>());
    }

    private static FleetSnapshot Picture(long seq, IEnumerable<(string Id, long Version, string State, long VersionSince, long StateSince)> robots)
    {
        var all = robots.Select(robot => new PanelRobot(
            robot.Id,
            robot.Version,
            robot.VersionSince,
            new JsonFragment(Text(robot.State), robot.StateSince),
            new Lazy<byte[]>(() => Text(string.Create(CultureInfo.InvariantCulture, $"view of {robot.Id} {robot.Version} in {seq}"))))).ToImmutableArray();
        return new FleetSnapshot(
            seq, DateTimeOffset.UnixEpoch, new JsonFragment(Text("fleet"), 1), all, new RobotList([.. all.Select(robot => robot.Id)], seq));
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes($"\"{text}\"");

    /// <summary>A fleet to which one thing happens after another, and the pictures that are taken of it.</summary>
    private sealed class History : ISnapshotSource
    {
        private readonly Dictionary<string, (long Version, long State)> since = [];
        private long seq;

        public SortedDictionary<string, Seen> Robots { get; } = new(StringComparer.Ordinal);

        public FleetSnapshot? Newest { get; set; }

        public long Spent { get; private set; }

        public void Spend(long bytes) => Spent += bytes;

        public void Happen(byte step)
        {
            seq++;
            var id = string.Create(CultureInfo.InvariantCulture, $"robot-{step % Names}");
            switch (step / Names % 4)
            {
                case 0:
                    Robots.Remove(id);
                    break;
                case 1 when Robots.TryGetValue(id, out var robot):
                    Robots[id] = robot with { Version = seq };
                    since[id] = (seq, since[id].State);
                    break;
                case 2 when Robots.TryGetValue(id, out var robot):
                    Robots[id] = robot with { State = seq };
                    since[id] = (since[id].Version, seq);
                    break;
                default:
                    Robots[id] = new Seen(id, seq, seq);
                    since[id] = (seq, seq);
                    break;
            }

            Newest = Picture(
                seq,
                Robots.Values.Select(robot => (
                    robot.Id, robot.Version, robot.State.ToString(CultureInfo.InvariantCulture), since[robot.Id].Version, since[robot.Id].State)));
        }
    }

    private sealed record Seen(string Id, long Version, long State)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"view of {Id} {Version}/{State}");
    }
}
