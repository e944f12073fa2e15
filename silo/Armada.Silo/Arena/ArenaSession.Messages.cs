using System.Collections.Immutable;
using Armada.Core.Arena;
using Armada.Core.Robots;

namespace Armada.Silo.Arena;

/// <summary>What the client says.</summary>
internal sealed partial class ArenaSession
{
    private const string Invalid = "invalid";
    private const string TooFast = "too_fast";

    private async ValueTask ReceiveAsync(ReadOnlyMemory<byte> utf8)
    {
        var now = parts.Clock.Now();
        Volatile.Write(ref heardAt, now.Monotonic);
        if (!rate.TryPass(now))
            voice.Error(TooFast, $"more than {parts.Limits.MessagesPerSecond} messages a second; some were dropped");
        else if (!ArenaReader.TryRead(utf8.Span, out var message, out var problem))
            Refuse(problem);
        else if (message.RobotId is { } meant && meant != robot)
            Refuse($"robot_id is '{meant}', and this is the door of {robot}");
        else
            await TakeAsync(message);
    }

    private ValueTask TakeAsync(ArenaMessage message)
    {
        switch (message)
        {
            case ArenaMessage.Command command:
                return CommandAsync(command);
            case ArenaMessage.Sequence sequence:
                return PlayAsync(sequence.Content);
            case ArenaMessage.SlaveStatus status:
                return ReportAsync(status.Joints);
            case ArenaMessage.JointStates states:
                return ReportAsync(states.Joints);
            case ArenaMessage.StatusRequest:
                return TellStateAsync();
            case ArenaMessage.Heartbeat:
                voice.Heartbeat();
                break;
            case ArenaMessage.Error error:
                parts.Relay.Pass(robot, this, error);
                break;
        }

        return ValueTask.CompletedTask; // Status and acknowledgements are signs of life and no more.
    }

    private async ValueTask CommandAsync(ArenaMessage.Command command)
    {
        var goals = command.Joints.Select(joint => new JointGoal(joint.Name, joint.Value, joint.Speed)).ToImmutableArray();
        var refused = await CommandAsync(new JointCommand(goals, command.Duration));
        if (refused is not null)
            voice.Refuse(refused);
        if (!isMasterDoor)
            voice.Acknowledge(refused is null, refused?.Text);
    }

    private async ValueTask ReportAsync(ImmutableArray<ArenaReading> joints)
    {
        ImmutableArray<JointReading> real =
            [.. joints.Where(joint => joint.Real is not null).Select(joint => new JointReading(joint.Name, joint.Real!.Value))];
        if (!real.IsEmpty && Held is null) // Who commands is no slave, so the robot keeps no pose of it.
        {
            var reply = await parts.Engine.ApplyAsync(robot, new RobotRequest.SlaveReport(Name, real), CancellationToken.None);
            if (reply.Refused is { } refused)
                voice.Refuse(refused);
        }

        parts.Relay.Pass(robot, this, [.. joints]);
    }

    private async ValueTask TellStateAsync()
    {
        if (await parts.Engine.GetAsync(robot, CancellationToken.None) is not { } snapshot)
            return; // The robot is gone, which its clients are told apart.
        voice.JointStates(snapshot);
        if (isMasterDoor)
            voice.Status(snapshot, Name);
    }

    private void Refuse(string problem)
    {
        LogBad(robot, Name, problem);
        voice.Error(Invalid, problem);
    }
}
