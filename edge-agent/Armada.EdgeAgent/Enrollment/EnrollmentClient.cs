using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Armada.EdgeAgent.Identities;
using Armada.Mqtt;

namespace Armada.EdgeAgent.Enrollment;

/// <param name="Csr">Request for a certificate, PKCS #10 PEM.</param>
/// <param name="Name">The device's name; absent for the one the token is for.</param>
internal sealed record EnrollmentRequest(string Token, string Csr, string? Name);

/// <param name="Kind">What it is, such as so101-leader.</param>
/// <param name="Ca">The authority of the broker's, PEM.</param>
/// <param name="ExpiresAt">Until when the certificate is good.</param>
internal sealed record EnrollmentResponse(
    string Name, string Kind, string Certificate, string Ca, EnrollmentBroker Broker, string TopicRoot, DateTimeOffset ExpiresAt);

/// <param name="Hosts">Names or addresses, as its certificate has them; any one serves.</param>
/// <param name="SignsDevices">Whether its authority signs the devices' certificates too, under their names.</param>
internal sealed record EnrollmentBroker(ImmutableArray<string> Hosts, int Port, bool SignsDevices = true);

internal sealed record EnrollmentProblem(string? Title = null, string? Detail = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EnrollmentRequest))]
[JsonSerializable(typeof(EnrollmentResponse))]
[JsonSerializable(typeof(EnrollmentProblem))]
internal sealed partial class EnrollmentClientJson : JsonSerializerContext;

/// <summary>The silo was not reached, refused, or answered with something unusable; what is on disk lets the same call be repeated.</summary>
internal sealed class EnrollmentFailedException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Whether the silo refused: nothing was issued for the key.</summary>
    public bool IsRefusal { get; init; }
}

internal static class EnrollmentClient
{
    private const string Route = "api/v1/enrollments";
    private const int MaxResponse = 64 * 1024; // Bytes.
    private const int MaxDetail = 500; // Characters of a silo's words that are shown.

    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(30);

    /// <param name="options">Where, and with which token.</param>
    /// <param name="request">PKCS #10 request, PEM.</param>
    /// <exception cref="EnrollmentFailedException">There is no answer within 30 s, or one that is not yes.</exception>
    /// <exception cref="ConfigurationException">The authority's file cannot be used.</exception>
    public static async Task<EnrollmentResponse> AskAsync(EnrollmentOptions options, string request, TimeProvider time, CancellationToken cancellation)
    {
        string? clock = null;
        using var handler = Handler(options);
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, shown, errors) =>
        {
            clock = CertificateClock.FindProblem(shown, time.GetUtcNow());
            return errors == SslPolicyErrors.None;
        };
        using var http = new HttpClient(handler) { Timeout = ResponseTimeout, MaxResponseContentBufferSize = MaxResponse };
        var body = JsonSerializer.SerializeToUtf8Bytes(new EnrollmentRequest(options.Token, request, options.Name), EnrollmentClientJson.Default.EnrollmentRequest);
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        try
        {
            using var answer = await http.PostAsync(new Uri(options.Server, Route), content, cancellation);
            var bytes = await answer.Content.ReadAsByteArrayAsync(cancellation);
            if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.Created))
            {
                var words = Words(answer.StatusCode, bytes).Replace(options.Token, "(the token)", StringComparison.Ordinal);
                throw new EnrollmentFailedException($"{options.Server} refuses: {words}") { IsRefusal = (int)answer.StatusCode is >= 400 and < 500 };
            }

            return Read(bytes, EnrollmentClientJson.Default.EnrollmentResponse)
                ?? throw new EnrollmentFailedException($"{options.Server} answered with something that is not an enrollment; is it an Armada silo?");
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new EnrollmentFailedException($"{options.Server} did not answer within {ResponseTimeout.TotalSeconds:0} s; repeat the same command", e);
        }
        catch (HttpRequestException e)
        {
            throw new EnrollmentFailedException(Reason(options, e, clock), e);
        }
    }

    private static SocketsHttpHandler Handler(EnrollmentOptions options)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = ResponseTimeout };
        if (options.Authority is not { } file)
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

    private static string Reason(EnrollmentOptions options, HttpRequestException fault, string? clock) => fault switch
    {
        { InnerException: AuthenticationException } when clock is not null => $"{options.Server} cannot be trusted: {clock}",
        { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => $"{options.Server} answered with more than {MaxResponse / 1024} KiB; is it an Armada silo?",
        { InnerException: AuthenticationException inner } =>
            $"{options.Server} is not trusted ({inner.GetBaseException().Message}); name its authority with --ca FILE",
        _ => $"{options.Server} cannot be reached ({fault.GetBaseException().Message}); repeat the same command when it can",
    };

    private static string Words(HttpStatusCode status, byte[] bytes)
    {
        var problem = Read(bytes, EnrollmentClientJson.Default.EnrollmentProblem);
        var words = problem?.Detail ?? problem?.Title ?? $"HTTP {(int)status}";
        var line = new StringBuilder();
        foreach (var c in words.Take(MaxDetail))
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
