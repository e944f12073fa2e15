using System.Collections.Immutable;
using System.Reflection;
using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.Devices.Arms;
using Armada.EdgeAgent.Follower;
using Armada.EdgeAgent.Identities;
using Armada.EdgeAgent.Leader;
using Armada.EdgeAgent.Stops;

namespace Armada.EdgeAgent.Devices;

/// <summary>Takes one state of a device, on the device's bus thread; must not block.</summary>
internal delegate void StateSink(in FrameHeader header, ReadOnlySpan<double> positions, FrameEcho? echo);

/// <summary>What stream-start begins and stream-stop ends: a leader's stream of states, or a follower's acceptance of commands.</summary>
internal interface IStream
{
    uint AnnouncedEpoch { get; }

    /// <summary>Begins it; announcing it again changes nothing. False for an epoch older than the newest known.</summary>
    bool TryStart(uint epoch, double? rateHz);

    /// <summary>Ends it. False for an epoch older than the newest known.</summary>
    bool TryStop(uint epoch);

    /// <summary>Whether somebody moves an arm through it now, so that its connection had better not be interrupted.</summary>
    bool IsBusy(in Timestamp now);
}

/// <summary>One arm of this agent, connected or not: what is asked of it and what is known of it.</summary>
internal sealed class Device
{
    private static readonly string Version = typeof(Device).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
        .InformationalVersion.Split('+')[0];

    private ImmutableArray<StateSink> sinks = [];

    public Device(DeviceSettings settings, LocalStop stop)
    {
        Settings = settings;
        Kind = ArmKind.Find(settings.Kind)!;
        if (!RobotModels.TryGet(Kind.Model, out var model))
            throw new ConfigurationException($"device '{settings.Name}': there is no robot model '{Kind.Model}'");
        Joints = model.Joints;
        Stops = new StopLatches(stop);
        Inbox = new CommandInbox(Joints, settings.Playout ?? PlayoutMode.Quick, Stops, Counters);
        LeaderStream = new LeaderStream();
    }

    public DeviceSettings Settings { get; }
    public string Name => Settings.Name;
    public ArmKind Kind { get; }
    public ImmutableArray<Joint> Joints { get; }
    public StopLatches Stops { get; }
    public DeviceCounters Counters { get; } = new();
    public DeviceStatus Status { get; } = new();
    public CommandInbox Inbox { get; }
    public LeaderStream LeaderStream { get; }
    public IStream Stream => Kind.IsLeader ? LeaderStream : Inbox;
    public BusCommandQueue BusCommands { get; } = new();

    /// <summary>The local leader or followers it is joined with; null where it serves a silo.</summary>
    public string? LocalPair { get; set; }

    public StatePublisher? Publisher { get; private set; }

    /// <summary>How its two paths are; null where it has one.</summary>
    public Func<IReadOnlyList<PathPresence>>? Paths { get; set; }

    /// <summary>What renews its certificate; null where it connects without one of its own.</summary>
    public Renewal? Renewal { get; set; }

    public void AddSink(StateSink sink) => sinks = sinks.Add(sink);

    /// <summary>Publishes its states, besides handing them to its other takers; before its session starts.</summary>
    public void PublishTo(StatePublisher publisher)
    {
        Publisher = publisher;
        AddSink(publisher.Publish);
    }

    public void Publish(in FrameHeader header, ReadOnlySpan<double> positions, FrameEcho? echo)
    {
        Counters.Publish();
        foreach (var sink in sinks)
            sink(header, positions, echo);
    }

    public Presence Presence() => new(
        Online: true,
        Settings.Kind,
        Version,
        [.. Joints.Select(joint => joint.Name)],
        Status.Voltage,
        Status.Temperatures,
        Status.Faults,
        State.Name(),
        Counts(),
        Renewal?.PresentedCertificate,
        Inbox.Report(),
        Paths?.Invoke());

    // One that is not running says so with its faults; that its stop is latched is what a silo that has lost it must hear.
    private DeviceState State => Stops.IsLatched && Status.State is (DeviceState.Connecting or DeviceState.Missing or DeviceState.Parking or DeviceState.Faulted)
        ? DeviceState.Stopped
        : Status.State;

    private Dictionary<string, long> Counts()
    {
        var all = Counters.Read();
        if (Publisher is { Dropped: > 0 } publisher)
            all["state.dropped"] = publisher.Dropped;
        return all;
    }
}
