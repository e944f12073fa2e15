using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Armada.Tests.Cluster.Uplink;

/// <summary>The ids of what an uplink logged. What a library leaves behind elsewhere in the process is no concern of it.</summary>
internal sealed class ToldEvents : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<int> ids = new();

    public int Count(int id) => ids.Count(told => told == id);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("This factory records and does nothing else.");

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        ids.Enqueue(eventId.Id);

    public void Dispose()
    {
        // Nothing is held.
    }
}
