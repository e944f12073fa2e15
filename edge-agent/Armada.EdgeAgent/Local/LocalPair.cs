using System.Collections.Immutable;
using Armada.Core.Frames;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.EdgeAgent.Devices;

namespace Armada.EdgeAgent.Local;

/// <summary>A leader and its followers joined inside the agent by the robot core that the silo runs too. A sample goes from the
/// leader's bus thread through the core into each follower's inbox, without network, broker or disk.</summary>
/// <remarks>
/// Nothing is stored: epochs come from the clock, and no follower outlives the agent that announced one. The stop here is the
/// agent's own.
/// </remarks>
internal sealed partial class LocalPair : ICommandSink
{
    private static readonly TimeSpan TickPeriod = TimeSpan.FromMilliseconds(50);

    private readonly Lock owner = new();
    private readonly RobotCore core;
    private readonly Device leader;
    private readonly ImmutableArray<Device> followers;
    private readonly TimeProvider time;
    private readonly ILogger<LocalPair> logger;

    public LocalPair(LocalPairSettings settings, IReadOnlyDictionary<string, Device> devices, TimeProvider time, ILogger<LocalPair> logger)
    {
        (this.time, this.logger) = (time, logger);
        leader = devices[settings.Leader];
        followers = [.. settings.Followers.Select(name => devices[name])];
        Name = $"{settings.Leader} -> {string.Join(", ", settings.Followers)}";
        core = new RobotCore(
            new RobotDocument(
                settings.Leader,
                new RobotModel(leader.Kind.Model, leader.Joints),
                new MasterBinding(leader.Name),
                [.. settings.Followers.Select(name => new SlaveBinding(name))],
                Epoch: 0,
                Stopped: false,
                Version: 1),
            fleetStopped: false,
            RobotTiming.Default);
        Join();
    }

    public string Name { get; }

    /// <summary>Lets leases run out and slaves fail, until it is canceled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(TickPeriod, time);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            lock (owner)
                Apply(core.Tick(time.Now(), this));
        }
    }

    void ICommandSink.Command(int slave, in SampleStamp stamp, ReadOnlySpan<double> positions) =>
        followers[slave].Inbox.Receive(stamp, positions, time.Now());

    private void Join()
    {
        leader.LocalPair = Name;
        leader.AddSink(OnLeaderState);
        for (var index = 0; index < followers.Length; index++)
        {
            var slave = index;
            followers[slave].LocalPair = Name;
            followers[slave].AddSink((in FrameHeader header, ReadOnlySpan<double> positions, FrameEcho? _) =>
                OnFollowerState(slave, header, positions));
        }
    }

    private void OnLeaderState(in FrameHeader header, ReadOnlySpan<double> positions, FrameEcho? echo)
    {
        lock (owner)
        {
            core.OnMasterFrame(header.Stamp, positions, time.Now(), this, out var decision);
            Apply(decision);
        }
    }

    private void OnFollowerState(int slave, in FrameHeader header, ReadOnlySpan<double> positions)
    {
        lock (owner)
        {
            core.OnSlaveFrame(slave, header.Stamp, positions, time.Now(), out var decision);
            Apply(decision);
        }
    }

    private void Apply(Decision decision)
    {
        for (var index = 0; index < decision.Effects.Count; index++)
            Apply(decision.Effects[index]);
    }

    private void Apply(Effect effect)
    {
        switch (effect)
        {
            case Effect.StartStream start:
                Find(start.Device).Stream.TryStart(start.Epoch, start.RateHz);
                break;
            case Effect.StopStream stop:
                Find(stop.Device).Stream.TryStop(stop.Epoch);
                break;
            case RobotEvent happened:
                LogEvent(Name, happened.Kind, happened.Subject);
                break;
        }
    }

    private Device Find(string name) => name == leader.Name ? leader : followers.Single(follower => follower.Name == name);

    [LoggerMessage(3200, LogLevel.Information, "Local pair {Pair}: {Event} ({Subject})")]
    private partial void LogEvent(string pair, RobotEventKind @event, string subject);
}
