using Armada.Core.Devices;

namespace Armada.Silo.Engine;

internal sealed partial class InProcessEngine
{
    [LoggerMessage(1110, LogLevel.Information, "Robot {Robot} made, model {Model}")]
    private partial void LogCreated(string robot, string model);

    [LoggerMessage(1111, LogLevel.Information, "Robot {Robot} removed")]
    private partial void LogDeleted(string robot);

    [LoggerMessage(1112, LogLevel.Warning, "{Device} was {Lost} and is taken over by {Robot}")]
    private partial void LogTakeover(string device, DeviceAssignment lost, string robot);

    [LoggerMessage(1113, LogLevel.Warning, "Robot {Robot} binds {Device}, which is {Held}; it is unbound from {Robot}")]
    private partial void LogConflict(string robot, string device, DeviceAssignment held);

    [LoggerMessage(1114, LogLevel.Warning, "The fleet is stopped")]
    private partial void LogFleetStop();

    [LoggerMessage(1115, LogLevel.Information, "The fleet's stop is released")]
    private partial void LogFleetReset();
}
