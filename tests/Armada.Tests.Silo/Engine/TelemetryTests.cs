using System.Diagnostics.Metrics;
using Armada.Core.Robots;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Engine;

public sealed class TelemetryTests
{
    [Fact]
    public async Task Measuring_every_frame_allocates_nothing_either()
    {
        await using var rig = await EngineRig.StartAsync();
        var measured = new Dictionary<string, int>(StringComparer.Ordinal);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter == rig.Telemetry.RouteTime.Meter && instrument is Histogram<double>)
                    listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, _, _, _) =>
            measured[instrument.Name] = measured.GetValueOrDefault(instrument.Name) + 1);
        listener.Start();
        RouteMany(rig, 1000);

        var before = GC.GetAllocatedBytesForCurrentThread();
        RouteMany(rig, 10_000);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
        Assert.True(measured["armada.silo.route.duration"] >= 11_000);
        Assert.True(measured["armada.silo.capture_to_arrival.duration"] >= 22_000);
    }

    [Fact]
    public async Task A_slave_that_lags_and_recovers_without_end_does_not_fill_the_log_and_a_stop_is_told_all_the_same()
    {
        await using var rig = await EngineRig.StartAsync(new HandTime());
        Assert.Null(await rig.AskAsync(new RobotRequest.JoinSlave("viewer")));

        for (var change = 0; change < 500; change++)
            Assert.Null(await rig.AskAsync(new RobotRequest.SlavePace("viewer", change % 2 == 0)));
        await rig.AskAsync(new RobotRequest.Stop());

        Assert.InRange(rig.Logs.Entries.Count(entry => entry.Message.StartsWith("arm: ", StringComparison.Ordinal)), 10, 30);
        Assert.Contains(rig.Logs.Entries, entry => entry.Message.StartsWith("arm: Stopped", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Drops_are_told_by_role_and_reason_and_never_by_robot()
    {
        await using var rig = await EngineRig.StartAsync();
        var tags = new HashSet<string>(StringComparer.Ordinal);
        var gauges = new Dictionary<string, long>(StringComparer.Ordinal);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter == rig.Telemetry.RouteTime.Meter)
                    listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, labels, _) =>
        {
            foreach (var label in labels)
                tags.Add($"{label.Key}={label.Value}");
            gauges[instrument.Name] = value;
        });
        listener.Start();

        listener.RecordObservableInstruments();

        Assert.Contains("reason=stale-epoch", tags);
        Assert.Contains("reason=unknown-version", tags);
        Assert.Contains("role=slave", tags);
        Assert.DoesNotContain(tags, tag => tag.EndsWith(EngineRig.Robot, StringComparison.Ordinal));
        Assert.DoesNotContain(tags, tag => tag.EndsWith("leader", StringComparison.Ordinal));
        Assert.Equal(1, gauges["armada.silo.robots"]);
        Assert.Equal(1, gauges["armada.silo.masters.live"]);
    }

    private static void RouteMany(EngineRig rig, int count)
    {
        for (var i = 0; i < count; i++)
        {
            rig.SendFollower();
            rig.SendLeader();
        }
    }
}
