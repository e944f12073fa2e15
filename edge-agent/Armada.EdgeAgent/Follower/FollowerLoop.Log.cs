using Armada.Devices.Arms;
using Microsoft.Extensions.Logging;

namespace Armada.EdgeAgent.Follower;

internal sealed partial class FollowerLoop
{
    [LoggerMessage(3020, LogLevel.Information, "{Device}: no fresh command; it holds its pose")]
    private partial void LogHolding(string device);

    [LoggerMessage(3021, LogLevel.Warning, "{Device}: stopped is now {Stopped}")]
    private partial void LogStop(string device, bool stopped);

    [LoggerMessage(
        3022, LogLevel.Warning, "{Device}: servos lost their torque ({Lost}) or came back; starting the arm again from where it stands")]
    private partial void LogRestart(string device, JointSet lost);
}
