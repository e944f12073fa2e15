namespace Armada.Silo.Ingress;

internal sealed partial class DeviceIngress
{
    [LoggerMessage(1220, LogLevel.Information, "The broker is reached")]
    private partial void LogUp();

    [LoggerMessage(1221, LogLevel.Warning, "The broker is out of reach; followers hold, control messages wait")]
    private partial void LogDown();

    [LoggerMessage(
        1222,
        LogLevel.Warning,
        "{Device}: a {What} of {Length} bytes could not be read, dropped ({Hidden} such lines left out)")]
    private partial void LogBad(string device, string what, int length, long hidden);
}
