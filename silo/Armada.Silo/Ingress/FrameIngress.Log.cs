using Armada.Core.Frames;

namespace Armada.Silo.Ingress;

internal sealed partial class FrameIngress
{
    [LoggerMessage(
        1210,
        LogLevel.Warning,
        "{Device}: {Error} in a state payload of {Length} bytes, dropped ({Hidden} such lines left out)")]
    private partial void LogMalformed(string device, FrameError error, int length, long hidden);

    [LoggerMessage(1211, LogLevel.Information, "{Device} serves no robot, its frames are dropped ({Hidden} such lines left out)")]
    private partial void LogUnknown(string device, long hidden);
}
