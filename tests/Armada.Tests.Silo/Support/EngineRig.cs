using System.Text;
using Armada.Core.Control;
using Armada.Core.Engine;
using Armada.Core.Frames;
using Armada.Core.Robots;
using Armada.Core.Topics;
using Armada.Grains;
using Armada.Grains.Robots;
using Armada.Grains.State;
using Armada.Silo.Ingress;
using Armada.Silo.Telemetry;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace Armada.Tests.Silo.Support;

/// <summary>A silo with one robot, without broker or ticks: tests hand it payloads themselves.</summary>
internal sealed class EngineRig : IAsyncDisposable
{
    public const string Robot = "arm";

    private static readonly TopicMap Topics = new();
    private static readonly byte[] LeaderTopic = Encoding.UTF8.GetBytes(Topics.Of("leader", Channel.State));
    private static readonly byte[] FollowerTopic = Encoding.UTF8.GetBytes(Topics.Of("follower", Channel.State));

    private readonly QuietSilo silo;
    private readonly FrameIngress frames;
    private readonly SiloClock clock;
    private uint sequence;

    private EngineRig(QuietSilo silo)
    {
        this.silo = silo;
        frames = silo.Service<FrameIngress>();
        clock = silo.Service<SiloClock>();
    }

    public FailOnLoggedErrors Logs => silo.Logs;

    public QuietLink Link => silo.Link;

    public IRobotEngine Engine => silo.Engine;

    public IEnumerable<RobotRuntime> Robots => silo.Robots.All;

    public SiloTelemetry Telemetry => silo.Service<SiloTelemetry>();

    public uint Epoch { get; private set; }

    /// <summary>A rig whose robot has a live leader and a live follower.</summary>
    /// <param name="time">The robots' clock; without it the real one.</param>
    public static async Task<EngineRig> StartAsync(TimeProvider? time = null)
    {
        var rig = new EngineRig(await QuietSilo.StartAsync(services => services.AddSingleton(new SiloClock(time ?? TimeProvider.System))));
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
        where T : notnull => silo.Service<T>();

    public async Task<Refusal?> AskAsync(RobotRequest request) => (await Engine.ApplyAsync(Robot, request, CancellationToken.None)).Refused;

    /// <summary>Stamps frames with the robot's epoch from now on, as a device does that was told.</summary>
    public async Task LearnEpochAsync() => Epoch = (await Engine.GetAsync(Robot, CancellationToken.None))!.Document.Epoch;

    /// <summary>The robot's document as it is stored, or null.</summary>
    public async Task<RobotDocument?> ReadStoredAsync()
    {
        var record = new GrainState<RobotState>(new RobotState());
        await silo.Service<IServiceProvider>().GetRequiredKeyedService<IGrainStorage>(GrainStores.Armada)
            .ReadStateAsync("robot", GrainId.Create("armada.robot", Robot), record);
        return record.State!.Document;
    }

    public int ControlsOf(ControlOp op) => Link.Controls.Count(control => ControlJson.ReadMessage(control.Payload)!.Op == op);

    /// <summary>One message of so many frames, 10 ms apart.</summary>
    public void SendLeader(int states = 1, bool repeatsLast = false) => Send(LeaderTopic, states, repeatsLast);

    public void SendFollower() => Send(FollowerTopic);

    /// <summary>Makes every write of the robot's document fail, until the result is disposed.</summary>
    public IDisposable BreakStorage() => silo.BreakStorage(Robot);

    public ValueTask DisposeAsync() => silo.DisposeAsync();

    private void Send(ReadOnlySpan<byte> topic, int states = 1, bool repeatsLast = false)
    {
        Span<byte> message = stackalloc byte[states * FrameCodec.MaxSize];
        Span<double> pose = stackalloc double[6];
        var length = 0;
        for (var left = states - 1; left >= 0; left--)
        {
            if (left > 0 || !repeatsLast)
                sequence++;
            pose.Fill(sequence % 50);
            var header = new FrameHeader(FrameKind.State, FrameFlags.TorqueOn, 6, sequence, clock.Now().Unix - (left * 10_000), Epoch, 0);
            length += FrameCodec.Write(message[length..], header, pose);
        }

        frames.OnState(topic, message[..length]);
    }
}
