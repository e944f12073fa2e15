namespace Armada.Silo.MicroPython;

internal sealed partial class MicroPythonIngress
{
    [LoggerMessage(
        1330,
        LogLevel.Warning,
        "{Thing}: no pose of a MicroPython arm in {Length} bytes, dropped: {Problem} ({Hidden} such lines left out)")]
    private partial void LogMalformed(string thing, int length, string problem, long hidden);

    [LoggerMessage(1331, LogLevel.Information, "{Thing} leads no robot, its poses are dropped ({Hidden} such lines left out)")]
    private partial void LogUnknown(string thing, long hidden);
}
