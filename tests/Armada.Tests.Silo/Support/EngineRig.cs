using System.Text;
using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Robots;
using Armada.Core.Topics;
using Armada.Mqtt;
using Armada.Silo;
using Armada.Silo.Engine;
using Armada.Silo.Ingress;
using Armada.Silo.Options;
using Armada.Silo.Telemetry;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Armada.Tests.Silo.Support;

/// <summary>The engine with its ingress and store, without broker, HTTP or ticks: tests hand it payloads themselves.</summary>
internal sealed class EngineRig : IAsyncDisposable
{
    public const string Robot = "arm";

    private static readonly TopicMap Topics = new();
    private static readonly byte[] LeaderTopic = Encoding.UTF8.GetBytes(Topics.Of("leader", Channel.State));
    private static readonly byte[] FollowerTopic = Encoding.UTF8.GetBytes(Topics.Of("follower", Channel.State));

    private readonly TempFolder folder = new();
    private readonly ServiceProvider services;
    private readonly FrameIngress frames;
    private readonly SiloClock clock;
    private uint sequence;

    private EngineRig()
    {
        var collection = new ServiceCollection();
        collection.AddLogging(logging => logging.AddProvider(Logs));
        collection.AddSilo(new SiloOptions { DataDirectory = folder.Path });
        collection.AddSingleton<IMqttLink>(Link);
        services = collection.BuildServiceProvider();
        Engine = services.GetRequiredService<InProcessEngine>();
        frames = services.GetRequiredService<FrameIngress>();
        clock = services.GetRequiredService<SiloClock>();
    }

    public FailOnLoggedErrors Logs { get; } = new();

    public QuietLink Link { get; } = new();

    public InProcessEngine Engine { get; }

    public SiloTelemetry Telemetry => services.GetRequiredService<SiloTelemetry>();

    public uint Epoch { get; private set; }

    public string Data => folder.Path;

    /// <summary>A rig whose robot has a live leader and a live follower.</summary>
    public static async Task<EngineRig> StartAsync()
    {
        var rig = new EngineRig();
        await rig.Engine.LoadAsync(CancellationToken.None);
        await rig.Engine.CreateAsync(Robot, RobotModels.So101, null, CancellationToken.None);
        await rig.AskAsync(new RobotRequest.BindMaster("leader", false));
        await rig.AskAsync(new RobotRequest.BindSlave("follower", false));
        await rig.LearnEpochAsync();
        await Eventually.Holds("the leader commands the follower", () =>
        {
            rig.SendFollower();
            rig.SendLeader();
            return rig.Link.Samples > 0;
        });
        return rig;
    }

    /// <summary>A part of it.</summary>
    public T Service<T>()
        where T : notnull => services.GetRequiredService<T>();

    public async Task<Refusal?> AskAsync(RobotRequest request) => (await Engine.ApplyAsync(Robot, request, CancellationToken.None)).Refused;

    /// <summary>Stamps frames with the robot's epoch from now on, as a device does that was told.</summary>
    public async Task LearnEpochAsync() => Epoch = (await Engine.GetAsync(Robot, CancellationToken.None))!.Document.Epoch;

    public int ControlsOf(ControlOp op) => Link.Controls.Count(control => ControlJson.ReadMessage(control.Payload)!.Op == op);

    public void SendLeader() => Send(LeaderTopic);

    public void SendFollower() => Send(FollowerTopic);

    /// <summary>Makes every write of the robot's document fail, until the result is disposed.</summary>
    public IDisposable BreakDisk() => new BrokenFile(Path.Combine(folder.Path, "robots", Robot + ".json"));

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        folder.Dispose();
        Logs.Dispose();
    }

    private void Send(ReadOnlySpan<byte> topic)
    {
        Span<byte> frame = stackalloc byte[FrameCodec.MaxSize];
        Span<double> pose = stackalloc double[6];
        sequence++;
        pose.Fill(sequence % 50);
        var header = new FrameHeader(FrameKind.State, FrameFlags.TorqueOn, 6, sequence, clock.Now().Unix, Epoch, 0);
        frames.OnState(topic, frame[..FrameCodec.Write(frame, header, pose)]);
    }
}
