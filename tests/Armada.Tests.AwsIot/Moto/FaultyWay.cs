using System.Collections.Concurrent;
using System.Net;

namespace Armada.Tests.AwsIot.Moto;

/// <summary>What becomes of a call on its way.</summary>
public enum Fate
{
    /// <summary>It arrives, and its answer too.</summary>
    Passes,

    /// <summary>It does not arrive: too many at once.</summary>
    Throttled,

    /// <summary>It does not arrive: the service fails.</summary>
    Fails,

    /// <summary>It arrives and is done; the answer is that the service fails.</summary>
    FailsAfterwards,

    /// <summary>It arrives and is done; the connection is cut in the middle of the answer.</summary>
    CutAfterwards,

    /// <summary>It does not arrive, and never will: the caller may not.</summary>
    Refused,

    /// <summary>It arrives and is done; the answer is that the caller may not.</summary>
    RefusedAfterwards,
}

/// <summary>An HTTP proxy on loopback that decides the fate of each call.</summary>
internal sealed class FaultyWay : IAsyncDisposable
{
    private static readonly string[] OfTheWay = ["Host", "Connection", "Transfer-Encoding", "Content-Length", "Keep-Alive", "Expect"];

    private readonly HttpListener listener = new();
    private readonly HttpClient onward = new(new SocketsHttpHandler { UseProxy = false });
    private readonly Uri target;
    private readonly Task serving;
    private int calls;

    public FaultyWay(Uri target)
    {
        this.target = target;
        Address = new Uri($"http://127.0.0.1:{Testing.Network.FreePort.Next()}/");
        listener.Prefixes.Add(Address.AbsoluteUri);
        listener.Start();
        serving = ServeAsync();
    }

    /// <summary>Where to call instead.</summary>
    public Uri Address { get; }

    /// <summary>How many calls came since the fates were set.</summary>
    public int Calls => Volatile.Read(ref calls);

    /// <summary>Every call so far, as "METHOD path".</summary>
    public ConcurrentQueue<string> Seen { get; } = [];

    /// <summary>The fate of the n-th call, from 1.</summary>
    public Func<int, Fate> FateOf { get; private set; } = _ => Fate.Passes;

    /// <summary>Sets the fates and counts anew.</summary>
    public void Set(Func<int, Fate> fates)
    {
        Volatile.Write(ref calls, 0);
        FateOf = fates;
    }

    /// <summary>Everything passes.</summary>
    public void Heal() => Set(_ => Fate.Passes);

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await serving;
        listener.Close();
        onward.Dispose();
    }

    private async Task ServeAsync()
    {
        List<Task> open = [];
        try
        {
            while (true)
            {
                var call = await listener.GetContextAsync();
                open.RemoveAll(task => task.IsCompletedSuccessfully);
                open.Add(AnswerAsync(call, FateOf(Interlocked.Increment(ref calls))));
            }
        }
        catch (Exception end) when (end is HttpListenerException or ObjectDisposedException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task AnswerAsync(HttpListenerContext call, Fate fate)
    {
        Seen.Enqueue($"{call.Request.HttpMethod} {call.Request.RawUrl}");
        using var request = await ReadAsync(call.Request);
        switch (fate)
        {
            case Fate.Throttled:
                await ErrorAsync(call.Response, 429, "ThrottlingException");
                return;
            case Fate.Fails:
                await ErrorAsync(call.Response, 500, "InternalFailureException");
                return;
            case Fate.Refused:
                await ErrorAsync(call.Response, 403, "AccessDeniedException");
                return;
        }

        using var answer = await onward.SendAsync(request);
        var body = await answer.Content.ReadAsByteArrayAsync();
        switch (fate)
        {
            case Fate.FailsAfterwards:
                await ErrorAsync(call.Response, 500, "InternalFailureException");
                return;
            case Fate.RefusedAfterwards:
                await ErrorAsync(call.Response, 403, "AccessDeniedException");
                return;
            case Fate.CutAfterwards:
                call.Response.ContentLength64 = body.Length + 1;
                await call.Response.OutputStream.WriteAsync(body);
                call.Response.Abort();
                return;
        }

        call.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
        {
            if (!OfTheWay.Contains(name, StringComparer.OrdinalIgnoreCase))
                call.Response.Headers[name] = string.Join(",", values);
        }

        await SendAsync(call.Response, body);
    }

    private async Task<HttpRequestMessage> ReadAsync(HttpListenerRequest from)
    {
        var body = new MemoryStream();
        await from.InputStream.CopyToAsync(body);
        var request = new HttpRequestMessage(new HttpMethod(from.HttpMethod), new Uri(target, from.RawUrl))
        {
            Content = new ByteArrayContent(body.ToArray()),
        };
        foreach (var name in from.Headers.AllKeys.OfType<string>().Where(name => !OfTheWay.Contains(name, StringComparer.OrdinalIgnoreCase)))
        {
            if (!request.Headers.TryAddWithoutValidation(name, from.Headers[name]))
                request.Content.Headers.TryAddWithoutValidation(name, from.Headers[name]);
        }

        return request;
    }

    private static Task ErrorAsync(HttpListenerResponse response, int status, string code)
    {
        response.StatusCode = status;
        response.Headers["x-amzn-ErrorType"] = code;
        response.ContentType = "application/json";
        return SendAsync(response, System.Text.Encoding.UTF8.GetBytes($$"""{"message":"as the test wants it"}"""));
    }

    private static async Task SendAsync(HttpListenerResponse response, byte[] body)
    {
        response.ContentLength64 = body.Length;
        await response.OutputStream.WriteAsync(body);
        response.Close();
    }
}
