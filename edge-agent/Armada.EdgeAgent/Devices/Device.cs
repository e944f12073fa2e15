using System.Collections.Immutable;
using System.Reflection;
using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Robots;
using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Follower;
using Armada.EdgeAgent.Identities;
using Armada.EdgeAgent.Leader;
using Armada.EdgeAgent.Stops;

namespace Armada.EdgeAgent.Devices;

/// <summary>Takes one state of a device, on the device's bus thread; must not block.</summary>
internal delegate void StateSink(in FrameHeader header, ReadOnlySpan<double> positions, FrameEcho? echo);

/// <summary>One arm of this agent, connected or not: what is asked of it and what is known of it.</summary>
internal sealed class Device
{
    private static readonly string Version = typeof(Device).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
        .InformationalVersion.Split('+')[0];

    private ImmutableArray<StateSink> sinks = [];

    /// <summary>A device as it is configured.</summary>
    /// <param name="settings">Checked settings.</param>
    /// <param name="stop">The agent's own stop.</param>
    public Device(DeviceSettings settings, LocalStop stop)
    {
        Settings = settings;
        Role = DeviceRole.Of(settings.Kind)!;
        if (!RobotModels.TryGet(Role.Model, out var model))
            throw new ConfigurationException($"device '{settings.Name}': there is no robot model '{Role.Model}'");
        Joints = model.Joints;
        Stops = new StopLatches(stop);
        Inbox = new CommandInbox(Joints.Length, Stops, Counters);
        LeaderStream = new LeaderStream();
    }

    /// <summary>As configured.</summary>
    public DeviceSettings Settings { get; }

    /// <summary>Device name.</summary>
    public string Name => Settings.Name;

    /// <summary>Model, and which end of it.</summary>
    public DeviceRole Role { get; }

    /// <summary>The model's joints, in the order of its frames.</summary>
    public ImmutableArray<Joint> Joints { get; }

    /// <summary>Both stops.</summary>
    public StopLatches Stops { get; }

    /// <summary>Counts since the agent started.</summary>
    public DeviceCounters Counters { get; } = new();

    /// <summary>State, faults, health.</summary>
    public DeviceStatus Status { get; } = new();

    /// <summary>A follower's newest command.</summary>
    public CommandInbox Inbox { get; }

    /// <summary>A leader's stream.</summary>
    public LeaderStream LeaderStream { get; }

    /// <summary>What stream-start and stream-stop mean to it.</summary>
    public IStream Stream => Role.IsLeader ? LeaderStream : Inbox;

    /// <summary>Control messages that wait for the bus.</summary>
    public BusCommandQueue Jobs { get; } = new();

    /// <summary>The local leader or followers it is joined with; null where it serves a silo.</summary>
    public string? LocalPair { get; set; }

    /// <summary>Publishes its states; null without a network.</summary>
    public StatePublisher? Publisher { get; private set; }

    /// <summary>What renews its certificate; null where it connects without one of its own.</summary>
    public Renewal? Renewal { get; set; }

    /// <summary>Adds a taker of its states; before its session starts.</summary>
    public void AddSink(StateSink sink) => sinks = sinks.Add(sink);

    /// <summary>Publishes its states, besides handing them to its other takers; before its session starts.</summary>
    public void PublishTo(StatePublisher publisher)
    {
        Publisher = publisher;
        AddSink(publisher.Publish);
    }

    /// <summary>Hands a state to all that take it.</summary>
    public void Publish(in FrameHeader header, ReadOnlySpan<double> positions, FrameEcho? echo)
    {
        Counters.Publish();
        foreach (var sink in sinks)
            sink(header, positions, echo);
    }

    /// <summary>What it says of itself now.</summary>
    public Presence Presence() => new(
        Online: true,
        Settings.Kind,
        Version,
        [.. Joints.Select(joint => joint.Name)],
        Status.Voltage,
        Status.Temperatures,
        Status.Faults,
        Status.State.ToString().ToLowerInvariant(),
        Counts(),
        Renewal?.Shown);

    private Dictionary<string, long> Counts()
    {
        var all = Counters.Read();
        if (Publisher is { Dropped: > 0 } publisher)
            all["state.dropped"] = publisher.Dropped;
        return all;
    }
}
