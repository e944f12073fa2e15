using Microsoft.Extensions.Logging;

namespace Armada.Grains.Robots;

public sealed partial class RobotGrain
{
    [LoggerMessage(1600, LogLevel.Information, "Robot {Robot} made, model {Model}")]
    private partial void LogCreated(string robot, string model);

    [LoggerMessage(1601, LogLevel.Information, "Robot {Robot} removed")]
    private partial void LogDeleted(string robot);

    [LoggerMessage(1602, LogLevel.Information, "Robot {Robot} leaves this silo: {Reason}")]
    private partial void LogLeaving(string robot, DeactivationReasonCode reason);

    [LoggerMessage(1603, LogLevel.Warning, "Robot {Robot} has been written by another silo; it ends here")]
    private partial void LogSuperseded(Exception conflict, string robot);

    [LoggerMessage(1604, LogLevel.Error, "Robot {Robot} could not be stored")]
    private partial void LogNotStored(Exception failed, string robot);

    [LoggerMessage(1605, LogLevel.Warning, "Robot {Robot}: a door with {Parties} parties fell silent; they are disconnected")]
    private partial void LogSilentDoor(string robot, int parties);
}
