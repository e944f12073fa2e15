using System.Collections.Immutable;
using Armada.Core.Devices;
using Armada.Core.Robots;
using Armada.Grains.Robots;
using Armada.Grains.State;
using Microsoft.Extensions.Logging;

namespace Armada.Grains.Devices;

/// <summary>
/// Which robot a device serves. The claim is stored before the robot binds the device, and what the claimed robot itself says is what
/// counts, so that a claim left over from a robot that let go, or from a failure half-way, is in nobody's way.
/// </summary>
[GrainType("armada.device")]
public sealed partial class DeviceGrain(
    [PersistentState("device", GrainStores.Armada)] IPersistentState<DeviceState> state, ILogger<DeviceGrain> logger) : Grain, IDeviceGrain
{
    private string Device => this.GetPrimaryKeyString();

    /// <inheritdoc/>
    public Task<DeviceAssignment?> ClaimAsync() => Task.FromResult(state.State.Claim);

    /// <inheritdoc/>
    public async Task<DoorReply> BindAsync(string door, string robot, RobotRequest request)
    {
        var (role, takeover) = request switch
        {
            RobotRequest.BindMaster bind => (DeviceRole.Master, bind.Takeover),
            RobotRequest.BindSlave bind => (DeviceRole.Slave, bind.Takeover),
            _ => throw new ArgumentException($"{request.GetType().Name} binds no device", nameof(request)),
        };
        var claim = new DeviceAssignment(robot, role);
        var claimed = (await HeldAsync()).Claim(Device, claim, takeover);
        if (claimed.Refused is { } busy)
            return DoorReply.Refuse(busy.Reason, busy.Text);
        var target = GrainFactory.GetGrain<IRobotGrain>(robot);
        ImmutableArray<Told> told = [];
        if (claimed.Lost is { } lost)
        {
            var obstacle = await target.CheckAsync(request);
            if (obstacle.Refused is not null)
                return new DoorReply(obstacle, []);
            LogTakeover(Device, lost, robot);
            var left = await GrainFactory.GetGrain<IRobotGrain>(lost.Robot).AskForDeviceAsync(door, Unbinding(lost.Role));
            told = left.Told;
            if (left.Reply.Refused is not null)
                return left;
        }

        if (state.State.Claim != claim && await WriteAsync(claim) is { } failure)
            return After(claimed.Lost, DoorReply.Refuse(RefusalReason.NotStored, failure), told);
        return After(claimed.Lost, await target.AskForDeviceAsync(door, request), told);
    }

    private DoorReply After(DeviceAssignment? lost, DoorReply reply, ImmutableArray<Told> told)
    {
        reply = reply with { Told = [.. told, .. reply.Told] };
        return lost is not null && reply.Reply.Refused is { } refused
            ? reply with { Reply = reply.Reply with { Refused = refused with { Text = $"{refused.Text}; {Device} has left {lost.Robot} all the same" } } }
            : reply;
    }

    private async Task<DeviceAssignments> HeldAsync()
    {
        if (state.State.Claim is not { } claim)
            return DeviceAssignments.None;
        var holder = await GrainFactory.GetGrain<IRobotGrain>(claim.Robot).LookAsync();
        return holder is null ? DeviceAssignments.None : Only(DeviceAssignments.None.With(holder.Document).Of(Device));
    }

    private DeviceAssignments Only(DeviceAssignment? claim) =>
        claim is null ? DeviceAssignments.None : DeviceAssignments.None.Claim(Device, claim, takeover: false).Claims;

    private RobotRequest Unbinding(DeviceRole role) =>
        role == DeviceRole.Master ? new RobotRequest.UnbindMaster() : new RobotRequest.UnbindSlave(Device);

    private async Task<string?> WriteAsync(DeviceAssignment claim)
    {
        var before = state.State;
        state.State = new DeviceState { Claim = claim };
        try
        {
            await state.WriteStateAsync();
            return null;
        }
        catch (Exception failed)
        {
            state.State = before;
            LogNotStored(failed, Device);
            DeactivateOnIdle(); // What is stored is found out anew.
            return "nothing was changed: the cluster's store cannot be reached; ask again when it is back";
        }
    }

    [LoggerMessage(1640, LogLevel.Warning, "{Device} was {Lost} and is taken over by {Robot}")]
    private partial void LogTakeover(string device, DeviceAssignment lost, string robot);

    [LoggerMessage(1641, LogLevel.Error, "What {Device} serves could not be stored")]
    private partial void LogNotStored(Exception failed, string device);
}
