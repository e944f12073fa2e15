using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Bench.Soak;

/// <summary>A program or an unbound slave at one robot, while it is connected.</summary>
internal sealed class SoakSession : IRobotSession, IAsyncDisposable
{
    private readonly IRobotEngine engine;
    private readonly string robot;
    private readonly JointReading[] pose = [.. RobotModels.So101.Joints.Select(joint => new JointReading(joint.Name, 0))];

    private SoakSession(IRobotEngine engine, string robot, string name) => (this.engine, this.robot, Name) = (engine, robot, name);

    public string Name { get; }

    public static async Task<SoakSession> ConnectAsync(IRobotEngine engine, string robot, string name)
    {
        var session = new SoakSession(engine, robot, name);
        await engine.ConnectAsync(robot, session, CancellationToken.None);
        return session;
    }

    public async Task<uint?> AttachAsync(bool takeover) =>
        await AskAsync(new RobotRequest.AttachRemote(Name, takeover)) is { Refused: null, Robot: { } held } ? held.Document.Epoch : null;

    public async Task<bool> CommandAsync(uint epoch, double position) =>
        (await AskAsync(new RobotRequest.RemoteCommand(Name, epoch, new JointCommand([new JointGoal("shoulder_pan", position)])))).Refused is null;

    public async Task JoinAsync() => await AskAsync(new RobotRequest.JoinSlave(Name));

    public async Task ReportAsync() => await AskAsync(new RobotRequest.SlaveReport(Name, [.. pose]));

    public void OnCommand(in SampleStamp stamp, ReadOnlySpan<double> positions)
    {
        for (var joint = 0; joint < positions.Length; joint++)
            pose[joint] = pose[joint] with { Value = double.IsNaN(positions[joint]) ? pose[joint].Value : positions[joint] };
    }

    public void OnEvent(RobotEvent note)
    {
    }

    public void OnGone(string reason)
    {
    }

    public ValueTask DisposeAsync() => engine.DisconnectAsync(robot, this, "gone");

    private ValueTask<RobotReply> AskAsync(RobotRequest request) => engine.ApplyAsync(robot, request, CancellationToken.None);
}
