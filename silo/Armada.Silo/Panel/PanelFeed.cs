using System.Collections.Immutable;
using Armada.Core.Engine;
using Armada.Grains.Robots;
using Armada.Silo.Sockets;
using Armada.Silo.Telemetry;

namespace Armada.Silo.Panel;

/// <summary>
/// Reads the fleet once for all subscribers that are due, and not at all without subscribers, so that the cost to the robots does not
/// depend on how many subscribe. If the subscribers together would exceed the byte budget, all of them get fewer snapshots: the panel
/// must not slow down the routing.
/// </summary>
internal sealed partial class PanelFeed(
    IRobotEngine engine, FleetReader fleet, SnapshotBuilder builder, SiloClock clock, SiloTelemetry telemetry, ILogger<PanelFeed> logger)
    : BackgroundService, ISnapshotSource
{
    private const double BudgetBytesPerSecond = 16e6; // One panel with 100 moving robots at the full rate takes 1.5 MB/s.

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1.0 / SubscriberRequest.MaxRate);

    private readonly SemaphoreSlim added = new(0);
    private readonly TokenBucket budget = new(BudgetBytesPerSecond, BudgetBytesPerSecond);
    private ImmutableArray<PanelSubscriber> subscribers = [];
    private volatile FleetSnapshot? snapshot;
    private long seq;
    private long skipped;

    public long Polls => Interlocked.Read(ref seq);
    public long Skipped => Interlocked.Read(ref skipped);
    public int Subscribers => subscribers.Length;
    public bool IsPolling => snapshot is not null;
    public FleetSnapshot? Newest => snapshot;

    public void Spend(long bytes) => budget.Spend(bytes);

    public void Add(PanelSubscriber subscriber)
    {
        ImmutableInterlocked.Update(ref subscribers, static (all, one) => all.Add(one), subscriber);
        added.Release();
    }

    public void Remove(PanelSubscriber subscriber) => ImmutableInterlocked.Update(ref subscribers, static (all, one) => all.Remove(one), subscriber);

    public override void Dispose()
    {
        added.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        telemetry.Observe("armada.silo.panel.subscribers", "{subscriber}", "Subscribers of the panel's feed", () => Subscribers);
        telemetry.Observe("armada.silo.panel.skipped", "{snapshot}", "Snapshots that slow subscribers skipped", () => Skipped);
        await SupervisedLoop.RunAsync(
            "The panel's feed",
            async cancellation =>
            {
                if (subscribers.IsEmpty)
                    await added.WaitAsync(cancellation);
                await PollAsync(cancellation);
            },
            clock.Time,
            logger,
            stoppingToken);
    }

    private async Task PollAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Tick, clock.Time);
        for (var tick = 0L; subscribers is { IsEmpty: false } all; tick++)
        {
            var due = all.RemoveAll(subscriber => !subscriber.Tick(tick));
            if (due.Length > 0 && budget.HasLeft(clock.Now()) && await TryPollAsync(cancellation))
                Offer(due);
            await timer.WaitForNextTickAsync(cancellation);
        }

        snapshot = null;
    }

    private void Offer(ImmutableArray<PanelSubscriber> due)
    {
        foreach (var subscriber in due)
        {
            if (subscriber.Offer())
                Interlocked.Increment(ref skipped);
        }
    }

    private async Task<bool> TryPollAsync(CancellationToken cancellation)
    {
        try
        {
            var robots = await engine.ListAsync(cancellation);
            var whole = fleet.Read(robots, await engine.IsFleetStoppedAsync(cancellation));
            snapshot = builder.Build(snapshot, Interlocked.Increment(ref seq), clock.Time.GetUtcNow(), whole, robots);
            return true;
        }
        catch (Exception fault) when (!cancellation.IsCancellationRequested)
        {
            telemetry.CountFault();
            LogFault(fault);
            return false;
        }
    }

    [LoggerMessage(1340, LogLevel.Error, "Reading the fleet failed; subscribers get the next snapshot")]
    private partial void LogFault(Exception fault);
}
