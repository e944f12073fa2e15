using Armada.Core.Control;
using Microsoft.Extensions.Logging;

namespace Armada.EdgeAgent.Devices;

internal sealed partial class ControlHandler
{
    [LoggerMessage(3100, LogLevel.Information, "{Device}: {Op} epoch {Epoch} (control {Id})")]
    private partial void LogControl(string device, ControlOp op, uint? epoch, string id);

    [LoggerMessage(3101, LogLevel.Warning, "{Device}: {Op} refused (control {Id}): {Error}")]
    private partial void LogRefused(string device, ControlOp op, string id, string error);
}
