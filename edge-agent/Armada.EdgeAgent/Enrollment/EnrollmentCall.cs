using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Identities;

namespace Armada.EdgeAgent.Enrollment;

/// <summary>The one call to the silo.</summary>
internal static class EnrollmentCall
{
    private const string Route = "api/v1/enrollments";
    private const int LongestAnswer = 64 * 1024; // Bytes.
    private const int LongestDetail = 500; // Characters of a silo's words that are shown.

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Asks for a certificate.</summary>
    /// <param name="order">Where, and with which token.</param>
    /// <param name="request">PKCS #10 request, PEM.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="EnrollmentFailedException">There is no answer within 30 s, or one that is not yes.</exception>
    /// <exception cref="ConfigurationException">The authority's file cannot be used.</exception>
    public static async Task<EnrollmentAnswer> AskAsync(EnrollmentOrder order, string request, CancellationToken cancellation)
    {
        using var handler = Handler(order);
        using var http = new HttpClient(handler) { Timeout = Patience, MaxResponseContentBufferSize = LongestAnswer };
        var body = JsonSerializer.SerializeToUtf8Bytes(new EnrollmentRequest(order.Token, request, order.Name), EnrollmentJson.Default.EnrollmentRequest);
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        try
        {
            using var answer = await http.PostAsync(new Uri(order.Server, Route), content, cancellation);
            var bytes = await answer.Content.ReadAsByteArrayAsync(cancellation);
            if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.Created))
            {
                var words = Words(answer.StatusCode, bytes).Replace(order.Token, "(the token)", StringComparison.Ordinal);
                throw new EnrollmentFailedException($"{order.Server} refuses: {words}") { IsRefusal = (int)answer.StatusCode is >= 400 and < 500 };
            }

            return Read(bytes, EnrollmentJson.Default.EnrollmentAnswer)
                ?? throw new EnrollmentFailedException($"{order.Server} answered with something that is no enrollment; is it an Armada silo?");
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new EnrollmentFailedException($"{order.Server} did not answer within {Patience.TotalSeconds:0} s; repeat the same command", e);
        }
        catch (HttpRequestException e)
        {
            throw new EnrollmentFailedException(Why(order, e), e);
        }
    }

    private static SocketsHttpHandler Handler(EnrollmentOrder order)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = Patience };
        if (order.Authority is not { } file)
            return handler;
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(AuthorityOf(file));
        handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        return handler;
    }

    private static X509Certificate2Collection AuthorityOf(string file)
    {
        try
        {
            var all = CertificateCheck.Authorities(File.ReadAllText(file));
            return all.Count > 0 ? all : throw new ConfigurationException($"--ca: '{file}' holds no certificate in PEM");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"--ca: '{file}' cannot be read ({e.Message})", e);
        }
    }

    private static string Why(EnrollmentOrder order, HttpRequestException fault) => fault switch
    {
        { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => $"{order.Server} answered with more than {LongestAnswer / 1024} KiB; is it an Armada silo?",
        { InnerException: AuthenticationException inner } =>
            $"{order.Server} is not trusted ({inner.GetBaseException().Message}); name its authority with --ca FILE",
        _ => $"{order.Server} cannot be reached ({fault.GetBaseException().Message}); repeat the same command when it can",
    };

    private static string Words(HttpStatusCode status, byte[] bytes)
    {
        var problem = Read(bytes, EnrollmentJson.Default.EnrollmentProblem);
        var words = problem?.Detail ?? problem?.Title ?? $"HTTP {(int)status}";
        var line = new StringBuilder();
        foreach (var c in words.Take(LongestDetail))
            line.Append(char.IsControl(c) ? ' ' : c);
        return line.ToString();
    }

    private static T? Read<T>(byte[] bytes, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
