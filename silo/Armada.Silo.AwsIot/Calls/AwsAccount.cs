using System.Collections.Concurrent;
using Amazon.IoT;
using Amazon.Runtime;

namespace Armada.Silo.AwsIot.Calls;

/// <summary>The registry of one account and region, with the rates at which it may be asked.</summary>
internal sealed class AwsAccount : IDisposable
{
    private readonly ConcurrentDictionary<string, CallRate> rates = new(StringComparer.Ordinal);

    /// <param name="settings">Which one.</param>
    /// <param name="time">The clock of rates and waits.</param>
    /// <param name="credentials">Who asks; null for the SDK's default chain.</param>
    public AwsAccount(AwsIotSettings settings, TimeProvider time, AWSCredentials? credentials = null)
    {
        (Settings, Time, Credentials) = (settings, time, credentials);
        Client = AwsClients.Registry(settings, credentials);
    }

    /// <summary>How it is used.</summary>
    public AwsIotSettings Settings { get; }

    /// <summary>The clock of rates and waits.</summary>
    public TimeProvider Time { get; }

    /// <summary>Who asks; null for the SDK's default chain.</summary>
    public AWSCredentials? Credentials { get; }

    /// <summary>The SDK's client.</summary>
    public AmazonIoTClient Client { get; }

    /// <summary>The rate of an operation.</summary>
    public CallRate RateOf(string operation) =>
        rates.GetOrAdd(operation, static (_, account) => new CallRate(account.Settings.CallsPerSecond, account.Time), this);

    /// <summary>Begins a sequence of calls that belong together.</summary>
    public CallRun Begin(CancellationToken cancellation) => new(this, isUrgent: false, cancellation);

    /// <summary>Begins a sequence of calls that wait for no turn.</summary>
    public CallRun BeginUrgent(CancellationToken cancellation) => new(this, isUrgent: true, cancellation);

    /// <inheritdoc/>
    public void Dispose() => Client.Dispose();
}
