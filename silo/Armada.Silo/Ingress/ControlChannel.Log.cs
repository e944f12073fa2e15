using Armada.Core.Control;

namespace Armada.Silo.Ingress;

internal sealed partial class ControlChannel
{
    [LoggerMessage(1200, LogLevel.Debug, "{Device} <- {Op} epoch {Epoch}, id {Id}")]
    private partial void LogSent(string device, ControlOp op, uint? epoch, string id);

    [LoggerMessage(1201, LogLevel.Warning, "{Op} to {Device} has no answer and is sent every second until it has, id {Id}")]
    private partial void LogResending(ControlOp op, string device, string id);

    [LoggerMessage(1202, LogLevel.Debug, "{Op} to {Device} was never answered, id {Id}")]
    private partial void LogUnanswered(ControlOp op, string device, string id);

    [LoggerMessage(1203, LogLevel.Debug, "{Device} did {Op}, id {Id}")]
    private partial void LogDone(string device, ControlOp op, string id);

    [LoggerMessage(1204, LogLevel.Warning, "{Device} refused {Op}, id {Id}: {Error}")]
    private partial void LogRefused(string device, ControlOp op, string id, string? error);

    [LoggerMessage(1205, LogLevel.Debug, "{Device} answered {Id}, which waits for no answer")]
    private partial void LogUnexpected(string device, string id);
}
