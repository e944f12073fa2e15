using Armada.Core.Devices;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Grains.Robots;
using Armada.Grains.State;
using Microsoft.Extensions.Logging;

namespace Armada.Grains.Devices;

/// <summary>
/// Which robot a device serves. The assignment is stored before the robot binds the device, and the bindings of that robot are what
/// counts, so that an assignment left over from a robot that let go, or from a failure half-way, is in nobody's way.
/// </summary>
[GrainType("armada.device")]
public sealed partial class DeviceGrain : Grain, IDeviceGrain
{
    private readonly ILogger<DeviceGrain> logger;
    private readonly StoredState<DeviceState> stored;

    /// <summary>Made by Orleans.</summary>
    public DeviceGrain(ILogger<DeviceGrain> logger)
    {
        this.logger = logger;
        stored = new StoredState<DeviceState>(GrainContext, "device");
    }

    private string Device => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken) => stored.ReadAsync();

    public Task<DeviceAssignment?> GetAssignmentAsync() => Task.FromResult(stored.Value.Claim);

    public async Task<RobotReply> BindAsync(IRobotObserver observer, string robot, RobotRequest request)
    {
        var (role, takeover) = request switch
        {
            RobotRequest.BindMaster bind => (DeviceRole.Master, bind.Takeover),
            RobotRequest.BindSlave bind => (DeviceRole.Slave, bind.Takeover),
            _ => throw new ArgumentException($"{request.GetType().Name} binds no device", nameof(request)),
        };
        var assignment = new DeviceAssignment(robot, role);
        var claimed = (await ReadAssignmentsAsync()).Claim(Device, assignment, takeover);
        if (claimed.Refused is { } busy)
            return new RobotReply(busy, null);
        var target = GrainFactory.GetGrain<IRobotGrain>(robot);
        if (claimed.Lost is { } lost)
        {
            var obstacle = await target.CheckAsync(request);
            if (obstacle.Refused is not null)
                return obstacle;
            LogTakeover(Device, lost, robot);
            var left = await GrainFactory.GetGrain<IRobotGrain>(lost.Robot).AskAsync(observer, Unbinding(lost.Role));
            if (left.Refused is not null)
                return left;
        }

        if (stored.Value.Claim != assignment && await stored.WriteAsync(new DeviceState { Claim = assignment }) is { } failure)
            return After(claimed.Lost, new RobotReply(new Refusal(RefusalReason.NotStored, $"nothing was changed: {failure}"), null));
        return After(claimed.Lost, await target.AskAsync(observer, request));
    }

    private RobotReply After(DeviceAssignment? lost, RobotReply reply) => lost is not null && reply.Refused is { } refused
        ? reply with { Refused = refused with { Text = $"{refused.Text}; {Device} has left {lost.Robot} all the same" } }
        : reply;

    private async Task<DeviceAssignments> ReadAssignmentsAsync()
    {
        if (stored.Value.Claim is not { } assignment)
            return DeviceAssignments.None;
        var holder = await GrainFactory.GetGrain<IRobotGrain>(assignment.Robot).ReadAsync();
        if (holder is null || DeviceAssignments.None.With(holder.Document).Of(Device) is not { } held)
            return DeviceAssignments.None;
        return DeviceAssignments.None.Claim(Device, held, takeover: false).Claims;
    }

    private RobotRequest Unbinding(DeviceRole role) =>
        role == DeviceRole.Master ? new RobotRequest.UnbindMaster() : new RobotRequest.UnbindSlave(Device);

    [LoggerMessage(1640, LogLevel.Warning, "{Device} was {Lost} and is taken over by {Robot}")]
    private partial void LogTakeover(string device, DeviceAssignment lost, string robot);
}
