using Microsoft.Extensions.Logging;

namespace Armada.EdgeAgent.Orleans;

/// <summary>Whether the cluster is reached, told once at each change for all devices together.</summary>
internal sealed partial class ClusterContact(ILogger<ClusterContact> logger)
{
    private const int Unknown = 0, Reached = 1, Lost = 2;

    private int state = Unknown;

    /// <summary>A call was answered.</summary>
    public void Works()
    {
        if (Volatile.Read(ref state) != Reached && Interlocked.Exchange(ref state, Reached) != Reached)
            LogReached();
    }

    /// <summary>A call or a connection failed.</summary>
    public void Fails(Exception fault)
    {
        if (Volatile.Read(ref state) != Lost && Interlocked.Exchange(ref state, Lost) != Lost)
            LogLost(fault.Message.ReplaceLineEndings(" "));
    }

    /// <summary>The uplink ended by a fault of its own.</summary>
    public void Ends(Exception fault) => LogEnded(fault);

    [LoggerMessage(3120, LogLevel.Information, "Uplink: states go straight into the cluster")]
    private partial void LogReached();

    [LoggerMessage(3121, LogLevel.Warning, "Uplink: the cluster is out of reach, states are dropped; trying again ({Reason})")]
    private partial void LogLost(string reason);

    [LoggerMessage(3122, LogLevel.Error, "Uplink: ended by a fault; states are dropped until the agent is started again")]
    private partial void LogEnded(Exception fault);
}
