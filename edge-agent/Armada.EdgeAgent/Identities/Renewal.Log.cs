using Armada.Core.Control;
using Microsoft.Extensions.Logging;

namespace Armada.EdgeAgent.Identities;

internal sealed partial class Renewal
{
    [LoggerMessage(3120, LogLevel.Information, "{Device}: has a new key and asks for its certificate")]
    private partial void LogAsks(string device);

    [LoggerMessage(3121, LogLevel.Information, "{Device}: stored certificate {Fingerprint}, good until {Until:u}")]
    private partial void LogStored(string device, string fingerprint, DateTime until);

    [LoggerMessage(3122, LogLevel.Information, "{Device}: connects anew with its new certificate")]
    private partial void LogConnectsAnew(string device);

    [LoggerMessage(3123, LogLevel.Warning, "{Device}: {Op} refused (control {Id}): {Error}")]
    private partial void LogRefused(string device, ControlOp op, string id, string error);

    [LoggerMessage(3124, LogLevel.Warning, "{Device}: its certificate cannot be read: {Reason}")]
    private partial void LogUnread(string device, string reason);

    [LoggerMessage(3125, LogLevel.Error, "{Device}: its certificate's renewal failed (control {Id})")]
    private partial void LogFault(Exception fault, string device, string id);

    [LoggerMessage(3126, LogLevel.Debug, "{Device}: renews its certificate no more")]
    private partial void LogEnded(string device);
}
