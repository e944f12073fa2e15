using Amazon.IotData;
using Armada.Silo.AwsIot.Broker;
using Armada.Silo.AwsIot.Calls;

namespace Armada.Silo.AwsIot.Data;

/// <summary>The account's shadows and topics, at the endpoint that its registry names.</summary>
/// <param name="account">The account.</param>
/// <param name="broker">Where its broker is.</param>
internal sealed class DataPlane(AwsAccount account, BrokerEndpoint broker) : IDisposable
{
    private static readonly TimeSpan UrgentWithin = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim making = new(1, 1);
    private AmazonIotDataClient? client;

    /// <summary>Asks it.</summary>
    /// <param name="what">What it is about, for people.</param>
    /// <param name="calls">What to ask.</param>
    /// <param name="cancellation">Ends the waits.</param>
    public Task<T> AskAsync<T>(string what, Func<CallRun, AmazonIotDataClient, Task<T>> calls, CancellationToken cancellation) =>
        CallFaults.InWordsAsync(
            what,
            async () =>
            {
                var run = account.Begin(cancellation);
                return await calls(run, client ?? await MakeAsync(run, cancellation));
            },
            cancellation);

    /// <summary>Asks it for what is late after two seconds: it waits for no turn, and fails then.</summary>
    /// <inheritdoc cref="AskAsync"/>
    public Task<T> AskUrgentlyAsync<T>(string what, Func<CallRun, AmazonIotDataClient, Task<T>> calls, CancellationToken cancellation) =>
        CallFaults.InWordsAsync(
            what,
            async () =>
            {
                using var late = new CancellationTokenSource(UrgentWithin, account.Time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
                var run = account.BeginUrgent(either.Token);
                return await calls(run, client ?? await MakeAsync(run, either.Token));
            },
            cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        client?.Dispose();
        making.Dispose();
    }

    private async Task<AmazonIotDataClient> MakeAsync(CallRun run, CancellationToken cancellation)
    {
        await making.WaitAsync(cancellation);
        try
        {
            return client ??= AwsClients.Data(account.Settings, (await broker.FindAsync(run)).Host, account.Credentials);
        }
        finally
        {
            making.Release();
        }
    }
}
