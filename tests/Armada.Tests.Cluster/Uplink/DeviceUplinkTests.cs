using Armada.EdgeAgent.Orleans;
using Armada.Testing;
using Armada.Testing.Logging;

namespace Armada.Tests.Cluster.Uplink;

/// <summary>One device's stream into the cluster; each frame is one byte here.</summary>
public sealed class DeviceUplinkTests : IAsyncDisposable
{
    private const int Lost = 3121;
    private const int Reached = 3120;

    private readonly FailOnLoggedErrors logs = new();
    private readonly HandTime time = new();
    private readonly ScriptedFleet fleet = new();
    private readonly CancellationTokenSource end = new();
    private readonly DeviceUplink uplink;
    private readonly Task running;

    public DeviceUplinkTests()
    {
        uplink = new DeviceUplink("leader-1", new ClusterContact(logs.For<ClusterContact>()), time);
        running = uplink.RunAsync(fleet, end.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        uplink.Dispose();
        end.Dispose();
        logs.Dispose();
    }

    [Fact]
    public async Task A_frame_goes_to_the_robot_that_the_device_serves()
    {
        await SendAsync(1, "it is sent", () => uplink.Sent == 1);
        await SendAsync(2, "it is sent", () => uplink.Sent == 2);

        Assert.Equal([("robot-1", (byte)1), ("robot-1", (byte)2)], fleet.Taken);
        Assert.Equal(1, fleet.Claims);
        Assert.Equal(0, uplink.Dropped);
    }

    [Fact]
    public async Task While_a_call_is_under_way_the_newest_frame_overtakes_the_others_and_they_are_counted()
    {
        var answer = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        fleet.Take = _ => answer.Task;
        await SendAsync(1, "it is under way", () => fleet.Taken.Count == 1);

        for (byte frame = 2; frame <= 5; frame++)
            uplink.Send([frame]);
        fleet.Take = _ => Task.FromResult(true);
        answer.SetResult(true);

        await Eventually.Holds("both calls are answered", () => uplink.Sent == 2);
        Assert.Equal([1, 5], fleet.Taken.Select(call => call.Frame));
        Assert.Equal(3, uplink.Dropped);
        Assert.Equal(1, fleet.MostUnderWay);
    }

    [Fact]
    public async Task A_device_that_serves_nobody_asks_once_a_second()
    {
        fleet.Robot = null;
        for (byte frame = 1; frame <= 3; frame++)
            await SendAsync(frame, "it is dropped", () => uplink.Dropped == frame);
        Assert.Equal(1, fleet.Claims);

        fleet.Robot = "robot-2";
        time.Advance(TimeSpan.FromSeconds(1));

        await SendAsync(4, "it is sent", () => uplink.Sent == 1);
        Assert.Equal(2, fleet.Claims);
        Assert.Equal([("robot-2", (byte)4)], fleet.Taken);
    }

    [Fact]
    public async Task A_robot_that_has_let_go_of_the_device_is_asked_no_more()
    {
        fleet.Take = robot => Task.FromResult(robot == "robot-2");
        await SendAsync(1, "it is refused", () => uplink.Dropped == 1);
        fleet.Robot = "robot-2";
        await SendAsync(2, "it is dropped", () => uplink.Dropped == 2);
        Assert.Single(fleet.Taken);

        time.Advance(TimeSpan.FromSeconds(1));

        await SendAsync(3, "it is sent", () => uplink.Sent == 1);
    }

    [Fact]
    public async Task A_cluster_that_is_lost_costs_frames_and_nothing_else_and_is_told_once()
    {
        await SendAsync(1, "it is sent", () => uplink.Sent == 1);
        fleet.Take = _ => throw new TimeoutException("no answer");
        for (byte frame = 2; frame <= 4; frame++)
        {
            time.Advance(TimeSpan.FromSeconds(2));
            await SendAsync(frame, "it is dropped", () => uplink.Dropped == frame - 1, keepsTime: false);
        }

        fleet.Take = _ => Task.FromResult(true);
        await SendAsync(5, "it is sent", () => uplink.Sent == 2, keepsTime: false);

        Assert.Single(logs.Of(Lost));
        Assert.Equal(2, logs.Of(Reached).Count);
    }

    private Task SendAsync(byte frame, string what, Func<bool> condition, bool keepsTime = true)
    {
        uplink.Send([frame]);
        return Eventually.Holds(() => $"{what}: frame {frame}, {uplink.Sent} sent, {uplink.Dropped} dropped", () =>
        {
            if (!keepsTime)
                time.Advance(TimeSpan.FromMilliseconds(100));
            return condition();
        });
    }
}
