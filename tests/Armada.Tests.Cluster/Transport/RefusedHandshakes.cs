using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Armada.Tests.Cluster.Transport;

/// <summary>Counts the handshakes that the silos of a test have refused.</summary>
internal sealed class RefusedHandshakes : ILoggerProvider
{
    private const string Category = "Orleans.Connections.Security.TlsServerConnectionMiddleware";
    private int count;

    public int Count => Volatile.Read(ref count);

    public ILogger CreateLogger(string categoryName) => categoryName == Category ? new Counter(this) : NullLogger.Instance;

    public void Dispose()
    {
        // Counts on: nothing is held.
    }

    private sealed class Counter(RefusedHandshakes handshakes) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                Interlocked.Increment(ref handshakes.count);
        }
    }
}
