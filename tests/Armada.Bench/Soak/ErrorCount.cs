using Microsoft.Extensions.Logging;

namespace Armada.Bench.Soak;

/// <summary>Counts logged errors and keeps the first, and nothing else: a log that is kept would look like a leak.</summary>
internal sealed class ErrorCount : ILoggerProvider, ILogger
{
    private int count;
    private string? first;

    public int Count => Volatile.Read(ref count);

    public string? First => Volatile.Read(ref first);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        Interlocked.CompareExchange(ref first, $"{eventId.Id} {formatter(state, exception)} {exception}", null);
        Interlocked.Increment(ref count);
    }

    public void Dispose()
    {
    }
}
