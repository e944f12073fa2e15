using Armada.Core.Devices;
using Armada.Core.Engine;
using Armada.Core.Robots;

namespace Armada.Silo.Engine;

/// <summary>Devices across the fleet: each serves one robot in one role. Changes go one after another.</summary>
internal sealed partial class InProcessEngine
{
    private async ValueTask<RobotReply> BindAsync(
        RobotRuntime cell, string device, DeviceRole role, bool takeover, RobotRequest request, CancellationToken cancellation)
    {
        using var gate = await arranging.EnterAsync(cancellation);
        var claim = claims.Claim(device, new DeviceAssignment(cell.Id, role), takeover);
        if (claim.Refused is not null)
            return new RobotReply(claim.Refused, null);
        if (claim.Lost is { } lost && cells.TryGetValue(lost.Robot, out var loser))
        {
            var checkedFirst = await cell.CheckAsync(request, CancellationToken.None);
            if (checkedFirst.Refused is not null)
                return checkedFirst;
            LogTakeover(device, lost, cell.Id);
            var left = await AskAndClaimAsync(loser, Unbinding(device, lost.Role));
            if (left.Refused is not null)
                return left;
        }

        var reply = await AskAndClaimAsync(cell, request);
        if (reply.Refused is { } refused)
            return claim.Lost is { } old ? reply with { Refused = refused with { Text = $"{refused.Text}; {device} has left {old.Robot} all the same" } } : reply;
        return reply;
    }

    /// <summary>Asks for what may set a device free.</summary>
    private async ValueTask<RobotReply> RearrangeAsync(RobotRuntime cell, RobotRequest request, CancellationToken cancellation)
    {
        using var gate = await arranging.EnterAsync(cancellation);
        return await AskAndClaimAsync(cell, request);
    }

    private async ValueTask<RobotReply> AskAndClaimAsync(RobotRuntime cell, RobotRequest request)
    {
        var reply = await cell.AskAsync(request, CancellationToken.None);
        if (reply.Robot is { } robot)
            claims = claims.Without(cell.Id).With(robot.Document);
        return reply;
    }

    private IEnumerable<(string Device, DeviceRole Role)> ConflictsOf(RobotDocument document) =>
        BindingsOf(document).Where(binding => claims.Of(binding.Device) is { } held && held != new DeviceAssignment(document.Id, binding.Role));

    private static IEnumerable<(string Device, DeviceRole Role)> BindingsOf(RobotDocument document)
    {
        if (document.Master is { Kind: MasterKind.Device } master)
            yield return (master.Name, DeviceRole.Master);
        foreach (var slave in document.Slaves.Where(slave => slave.IsDevice))
            yield return (slave.Name, DeviceRole.Slave);
    }

    private static RobotRequest Unbinding(string device, DeviceRole role) =>
        role == DeviceRole.Master ? new RobotRequest.UnbindMaster() : new RobotRequest.UnbindSlave(device);
}
